// Owns tls.acme.dns in the file: the keys of each DNS provider, and the way from the file to Config and back.
import { z } from 'zod';
import type { DnsConfig } from './acme-config.ts';
import { readPublicName } from './host-names.ts';
import { leaf } from './leaf.ts';
import { readNameServer, writeNameServer } from './name-servers.ts';
import { type NamedPaths, readFilePath } from './paths.ts';
import { good, type Reading, readText, wrong } from './reading.ts';
import { type SecretKey, secret, secretFile } from './secret-keys.ts';
import { type AsWritten, type SecretSource, type Secrets, secretAt, writeSecret } from './secrets.ts';
import { between, readDuration, writeDuration } from './units.ts';
import { readWebAddress } from './web-address.ts';

const PLACE = ['tls', 'acme', 'dns'];
const SECOND = 1000;

const text = (what: string, description: string) => leaf(readText(what), { description, type: 'string' });

const endpoint = leaf(readWebAddress('the https URL of the provider’s interface'), {
  description: 'Where the provider’s interface is, if not at the usual place.',
  type: 'string',
}).optional();

/** A key's name is a domain name (RFC 8945 section 4.2), though nobody has to be able to look it up. */
function readKeyName(value: unknown): Reading<string> {
  const name = readText('the name of the key')(value);
  if (!name.ok || /^(?=.{1,254}$)[\w-]{1,63}(\.[\w-]{1,63})*\.?$/.test(name.value)) return name;
  return wrong('is not the name of a key', 'letters, digits, -, _ and dots');
}

function readZone(value: unknown): Reading<string> {
  const name = readPublicName(typeof value === 'string' ? value.replace(/\.$/, '') : value);
  return name.ok ? good(name.value) : wrong('is not the name of a zone', 'a name such as example.com');
}

export const dnsSchema = z
  .discriminatedUnion('provider', [
    z.strictObject({
      provider: z.literal('rfc2136'),
      server: leaf(readNameServer, {
        description: 'The primary server of the zone: an address or a name, with a port where it is not 53.',
        type: 'string',
        examples: ['192.0.2.53', 'ns1.example.com:5353'],
      }),
      zone: leaf(readZone, { description: 'The zone, where it is not the closest one.', type: 'string' }).optional(),
      keyName: leaf(readKeyName, { description: 'The name of the TSIG key.', type: 'string' }),
      algorithm: z
        .enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512', 'hmac-sha1'])
        .prefault('hmac-sha256')
        .meta({ description: 'The algorithm of the TSIG key.' }),
      secret: secret('secret', 'The TSIG key in Base64.'),
      secretFile: secretFile('secret'),
    }),
    z.strictObject({
      provider: z.literal('cloudflare'),
      apiToken: secret('apiToken', 'A token that may edit the DNS of the zone.'),
      apiTokenFile: secretFile('apiToken'),
      endpoint,
    }),
    z.strictObject({
      provider: z.literal('alidns'),
      accessKeyId: text('the AccessKey ID', 'The AccessKey ID.'),
      accessKeySecret: secret('accessKeySecret', 'The AccessKey secret.'),
      accessKeySecretFile: secretFile('accessKeySecret'),
      endpoint,
    }),
    z.strictObject({
      provider: z.literal('dnspod'),
      secretId: text('the SecretId', 'The SecretId of Tencent Cloud.'),
      secretKey: secret('secretKey', 'The SecretKey of Tencent Cloud.'),
      secretKeyFile: secretFile('secretKey'),
      endpoint,
    }),
    z.strictObject({
      provider: z.literal('exec'),
      program: leaf(readFilePath, { description: 'A program of yours that sets the record.', type: 'string' }),
      timeout: leaf(between(readDuration, SECOND, 1800 * SECOND, writeDuration), {
        description: 'How long it may take. From 1s to 30m.',
        type: 'string',
      }).prefault('2m'),
    }),
  ])
  .meta({ description: 'How the TXT records of dns-01 are set.' });

/** The provider of the file, its secret in place. */
export function dnsFrom(input: z.output<typeof dnsSchema>, paths: NamedPaths, secrets: Secrets): DnsConfig {
  const secretOf = (key: SecretKey, inline: string | undefined): string => secretAt(secrets, [...PLACE, key], inline);
  const at = 'endpoint' in input && input.endpoint !== undefined ? { endpoint: input.endpoint } : {};
  switch (input.provider) {
    case 'rfc2136': {
      const { provider, server, zone, keyName, algorithm } = input;
      const within = zone === undefined ? {} : { zone };
      return { provider, ...server, ...within, keyName, algorithm, secret: secretOf('secret', input.secret) };
    }
    case 'cloudflare':
      return { provider: 'cloudflare', apiToken: secretOf('apiToken', input.apiToken), ...at };
    case 'alidns': {
      const accessKeySecret = secretOf('accessKeySecret', input.accessKeySecret);
      return { provider: 'alidns', accessKeyId: input.accessKeyId, accessKeySecret, ...at };
    }
    case 'dnspod': {
      const secretKey = secretOf('secretKey', input.secretKey);
      return { provider: 'dnspod', secretId: input.secretId, secretKey, ...at };
    }
    case 'exec':
      return { provider: 'exec', program: paths.needs(input.program), timeoutMs: input.timeout };
  }
}

/** The provider as the file writes it. */
export function writeDns(dns: DnsConfig, sources: Record<string, SecretSource>): Record<string, string | AsWritten> {
  switch (dns.provider) {
    case 'rfc2136': {
      const { server, port, secret: value, ...rest } = dns;
      return { ...rest, server: writeNameServer({ server, port }), ...writeSecret(PLACE, 'secret', value, sources) };
    }
    case 'cloudflare': {
      const { apiToken, ...rest } = dns;
      return { ...rest, ...writeSecret(PLACE, 'apiToken', apiToken, sources) };
    }
    case 'alidns': {
      const { accessKeySecret, ...rest } = dns;
      return { ...rest, ...writeSecret(PLACE, 'accessKeySecret', accessKeySecret, sources) };
    }
    case 'dnspod': {
      const { secretKey, ...rest } = dns;
      return { ...rest, ...writeSecret(PLACE, 'secretKey', secretKey, sources) };
    }
    case 'exec':
      return { provider: 'exec', program: dns.program, timeout: writeDuration(dns.timeoutMs) };
  }
}
