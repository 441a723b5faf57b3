// Owns one order, step by step (RFC 8555 section 7.4): identifiers, challenge, proof, certificate.
import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type Authorization, type Client, crypto, type Order } from 'acme-client';
import { GateError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { AcmeConfig, ChallengeType } from '../../config/acme-config.ts';
import { checkServable, namesOf, parseChain, refuse } from '../chain.ts';
import { covers } from '../choose.ts';
import type { TxtRecord } from '../dns/provider.ts';
import { readProblem, retryAfterMsOf } from './transport.ts';

/** What has to stand somewhere while the CA looks. */
export type Proof =
  | { type: 'http-01'; token: string; keyAuthorization: string }
  | { type: 'tls-alpn-01'; name: string; certPem: string; keyPem: string }
  | { type: 'dns-01'; record: TxtRecord };

/** Puts a proof where the CA will look, and takes it away again. */
export type Presenter = {
  /** Resolves when the proof can be seen. */
  present: (proof: Proof, signal: AbortSignal) => Promise<void>;
  /** Never throws: a proof that is left behind costs nobody a certificate. */
  cleanup: (proof: Proof) => Promise<void>;
};

export type OrderRequest = {
  /** A domain, a wildcard, or an IP address. */
  name: string;
  keyType: 'ecdsa' | 'rsa';
  /** The ARI identifier of the certificate that this one replaces (RFC 9773 section 5). */
  replaces: string | null;
};

const FIRST_POLL_MS = 250;
const LONGEST_POLL_MS = 5_000;
const VALIDATION_MS = 5 * 60_000;

/**
 * Obtains one certificate. @throws {GateError} ACME_REFUSED with the CA's own words, ACME_UNREACHABLE, ACME_TIMEOUT,
 * and whatever the presenter throws
 */
export async function obtain(
  client: Client,
  config: AcmeConfig,
  request: OrderRequest,
  presenter: Presenter,
  signal: AbortSignal,
): Promise<{ certPem: string; keyPem: string }> {
  const order = await createOrder(client, config, request);
  for (const authorization of await client.getAuthorizations(order)) {
    if (authorization.status !== 'valid')
      await prove(client, config.challenge, order, authorization, presenter, signal);
  }
  const key =
    request.keyType === 'ecdsa' ? await crypto.createPrivateEcdsaKey('P-256') : await crypto.createPrivateRsaKey(2048);
  const [, csr] = await crypto.createCsr({ altNames: [request.name] }, key);
  const reaches =
    (...wanted: Order['status'][]) =>
    ({ status, error }: Order): boolean => {
      if (status === 'invalid') throw refused(request.name, error);
      return wanted.includes(status);
    };
  const look = (): Promise<Order> => client.getOrder(order);
  await poll(signal, `the order for ${request.name}`, await look(), look, reaches('ready', 'valid'));
  const finalized = await client.finalizeOrder(order, csr);
  const valid = await poll(signal, `the certificate for ${request.name}`, finalized, look, reaches('valid'));
  const certPem = await client.getCertificate(valid, config.preferredChain ?? undefined);
  return checked({ certPem, keyPem: key.toString() }, request.name);
}

/** What is adopted is served: a CA that answers with something else must not get that far. Dates are the keeper's. */
function checked(pair: { certPem: string; keyPem: string }, name: string): { certPem: string; keyPem: string } {
  const what = 'what the CA gave as a certificate';
  const chain = parseChain(pair.certPem, what);
  checkServable(chain, createPrivateKey(pair.keyPem), { cert: what, key: 'the key of the order' }, null);
  const names = chain.slice(0, 1).flatMap(namesOf);
  if (!covers(names, name)) throw refuse(what, `is for ${printable(names.join(', '))}, not for ${name}`);
  return pair;
}

/** The identifiers are posted as they are given; the client's own types know no profile, ARI or addresses. */
async function createOrder(client: Client, config: AcmeConfig, request: OrderRequest): Promise<Order> {
  const order = {
    identifiers: [{ type: isIP(request.name) === 0 ? 'dns' : 'ip', value: request.name }],
    ...(config.profile === null ? {} : { profile: config.profile }),
  };
  type Posted = Parameters<Client['createOrder']>[0];
  if (request.replaces !== null) {
    try {
      return await client.createOrder({ ...order, replaces: request.replaces } as Posted);
    } catch (error) {
      // A CA may refuse the hint: replaced already, or unknown to it. The order counts without it.
      const hintRefused =
        error instanceof GateError && ['alreadyReplaced', 'malformed'].includes(String(error.facts.acmeType));
      if (!hintRefused) throw error;
    }
  }
  return client.createOrder(order as Posted);
}

async function prove(
  client: Client,
  type: ChallengeType,
  order: Order,
  authorization: Authorization,
  presenter: Presenter,
  signal: AbortSignal,
): Promise<void> {
  const name = authorization.identifier.value;
  const challenge = authorization.challenges.find((candidate) => candidate.type === type);
  if (challenge === undefined) {
    const offered = authorization.challenges.map((candidate) => candidate.type).join(', ');
    throw new GateError(
      'ACME_REFUSED',
      `the CA does not offer ${type} for ${name}, only ${offered}: choose one in tls.acme.challenge`,
      {
        fault: 'upstream',
      },
    );
  }
  const keyAuthorization = await client.getChallengeKeyAuthorization(challenge);
  const proof = await makeProof(type, authorization, challenge.token, keyAuthorization);
  try {
    await presenter.present(proof, signal);
    await client.completeChallenge(challenge);
    const look = async (): Promise<Authorization> =>
      (await client.getAuthorizations(order)).find(({ identifier }) => identifier.value === name) ?? authorization;
    await poll(signal, `the ${type} challenge for ${name}`, await look(), look, (current) => {
      if (current.status === 'valid' || current.status === 'pending') return current.status === 'valid';
      throw refused(name, current.challenges.find((candidate) => candidate.type === type)?.error);
    });
  } finally {
    await presenter.cleanup(proof);
  }
}

async function makeProof(
  type: ChallengeType,
  authorization: Authorization,
  token: string,
  keyAuthorization: string,
): Promise<Proof> {
  const name = authorization.identifier.value;
  switch (type) {
    case 'http-01':
      return { type, token, keyAuthorization };
    case 'dns-01':
      return { type, record: { name: `_acme-challenge.${name}`, value: keyAuthorization } };
    case 'tls-alpn-01': {
      const [key, certificate] = await crypto.createAlpnCertificate(authorization, keyAuthorization);
      return { type, name, certPem: certificate.toString(), keyPem: key.toString() };
    }
  }
}

/** Looks again until it is there, no sooner than the CA asks for (Retry-After, RFC 8555 section 7.5.1). */
async function poll<T extends object>(
  signal: AbortSignal,
  what: string,
  first: T,
  again: () => Promise<T>,
  isThere: (current: T) => boolean,
): Promise<T> {
  const deadline = performance.now() + VALIDATION_MS;
  let current = first;
  for (let pause = FIRST_POLL_MS; !isThere(current); pause = Math.min(LONGEST_POLL_MS, pause * 1.5)) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) {
      throw new GateError(
        'ACME_TIMEOUT',
        `the CA did not decide about ${what} within ${VALIDATION_MS / 60_000} minutes`,
        { fault: 'upstream', retry: true },
      );
    }
    await wait(Math.min(leftMs, Math.max(pause, retryAfterMsOf(current) ?? 0)), undefined, { signal });
    current = await again();
  }
  return current;
}

function refused(name: string, problem: unknown): GateError {
  const { type, detail } = readProblem(problem);
  return new GateError('ACME_REFUSED', `the CA does not believe that ${name} is ours (${type}): ${detail}`, {
    fault: 'upstream',
    facts: { acmeType: type },
  });
}
