// Owns tls.acme in the file: its keys and defaults, and the way from the file to Config and back.
import { z } from 'zod';
import type { AcmeConfig } from './acme-config.ts';
import { dnsFrom, dnsSchema, writeDns } from './dns-providers.ts';
import { leaf } from './leaf.ts';
import { readMailAddress } from './mail-address.ts';
import { readResolvers } from './name-servers.ts';
import { type NamedPaths, readFilePath } from './paths.ts';
import { readText } from './reading.ts';
import { secret, secretFile } from './secret-keys.ts';
import { type SecretSource, type Secrets, secretAt, writeSecret } from './secrets.ts';
import { between, readDuration, writeDuration } from './units.ts';
import { readDirectory } from './web-address.ts';

const EAB = ['tls', 'acme', 'eab'];
const SECOND = 1000;

export const CHALLENGES = ['http-01', 'tls-alpn-01', 'dns-01'] as const;

export const email = leaf(readMailAddress, {
  description: 'Whom the authority may write to. Turns ACME on; left out, a local CA signs.',
  type: 'string',
  examples: ['you@example.com'],
}).optional();

export const acmeSchema = z
  .strictObject({
    email: leaf(readMailAddress, {
      description: 'The same as email at the top of the file. Most authorities do without.',
      type: 'string',
    }).optional(),
    directory: leaf(readDirectory, {
      description: 'The authority: letsencrypt, letsencrypt-staging (to try things out), or the URL of a directory.',
      type: 'string',
      examples: ['letsencrypt', 'letsencrypt-staging'],
    }).prefault('letsencrypt'),
    challenge: z.enum(CHALLENGES).prefault('http-01').meta({
      description:
        'How the authority sees that a name is ours. http-01: it asks on port 80. tls-alpn-01: on port 443. dns-01: by a record in the DNS; needs no port, and alone does wildcards.',
    }),
    keyType: z.enum(['ecdsa', 'rsa', 'both']).prefault('ecdsa').meta({
      description:
        'The kind of key. both keeps one of each: on the main domain every client gets what it can use, on the others RSA.',
    }),
    profile: leaf(readText('the name of a profile', 100), {
      description: 'A profile that the authority offers, such as shortlived.',
      type: 'string',
    }).optional(),
    preferredChain: leaf(readText('the common name of a certificate'), {
      description: 'Where the authority offers several chains: the name of the root or intermediate to end in.',
      type: 'string',
    }).optional(),
    caFile: leaf(readFilePath, {
      description: 'PEM roots to trust for the https of the directory, where the authority is your own.',
      type: 'string',
    }).optional(),
    eab: z
      .strictObject({
        kid: leaf(readText('the key identifier'), { description: 'The key identifier.', type: 'string' }),
        hmacKey: secret('hmacKey', 'The key, in base64url.'),
        hmacKeyFile: secretFile('hmacKey'),
      })
      .optional()
      .meta({ description: 'External account binding, where the authority asks for an account of its own kind.' }),
    dns: dnsSchema.optional(),
    propagation: z
      .strictObject({
        timeout: leaf(between(readDuration, SECOND, 3600 * SECOND, writeDuration), {
          description: 'How long to wait for a record at the servers of the zone. From 1s to 1h.',
          type: 'string',
        }).prefault('2m'),
        resolvers: leaf(readResolvers, {
          description: 'Resolvers to find those servers with. Left out: those of the system.',
          anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        }).prefault([]),
      })
      .prefault({})
      .meta({ description: 'Waiting until a record of dns-01 can be seen.' }),
  })
  .meta({ description: 'Certificates from an authority, obtained and renewed by the gate (ACME, RFC 8555).' });

/** The settings of the file; `address` is the `email` of the short form. */
export function acmeFrom(
  input: z.output<typeof acmeSchema> | undefined,
  address: string | undefined,
  paths: NamedPaths,
  secrets: Secrets,
): AcmeConfig | null {
  if (input === undefined && address === undefined) return null;
  const { directory, challenge, keyType, propagation, ...rest } = input ?? acmeSchema.parse({});
  return {
    email: address ?? rest.email ?? null,
    directory,
    challenge,
    keyType,
    profile: rest.profile ?? null,
    preferredChain: rest.preferredChain ?? null,
    caFile: rest.caFile === undefined ? null : paths.needs(rest.caFile),
    eab:
      rest.eab === undefined
        ? null
        : { kid: rest.eab.kid, hmacKey: secretAt(secrets, [...EAB, 'hmacKey'], rest.eab.hmacKey) },
    dns: rest.dns === undefined ? null : dnsFrom(rest.dns, paths, secrets),
    propagation: { timeoutMs: propagation.timeout, resolvers: propagation.resolvers },
  };
}

/** The settings as the file writes them; what is not set is left out. */
export function writeAcme(acme: AcmeConfig, sources: Record<string, SecretSource>): Record<string, unknown> {
  const { eab, dns, propagation, ...plain } = acme;
  const set = Object.entries(plain).filter(([, value]) => value !== null);
  return {
    ...Object.fromEntries(set),
    ...(eab === null ? {} : { eab: { kid: eab.kid, ...writeSecret(EAB, 'hmacKey', eab.hmacKey, sources) } }),
    ...(dns === null ? {} : { dns: writeDns(dns, sources) }),
    propagation: { timeout: writeDuration(propagation.timeoutMs), resolvers: propagation.resolvers },
  };
}
