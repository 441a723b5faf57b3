// Owns a small ACME server (RFC 8555, RFC 9773, profiles) for what Pebble does not do: it refuses, delays and suggests
// as a test tells it to. It verifies every signature, looks at HTTP-01 itself, and really signs.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { request } from 'undici';
import { localCertificate } from '../../src/tls/local-ca.ts';
import { readRequest, SmallCa } from './small-acme-ca.ts';
import { type Jwk, Problem, readJws, thumbprint } from './small-acme-jws.ts';

export type Asked = { method: string; path: string; payload: unknown; atMs: number };
export type Reply = { status?: number; headers?: Record<string, string>; body: unknown };
export type Window = { start: Date; end: Date; retryAfterSeconds?: number };

/** What a test may change at any time. */
export type SmallAcmeWishes = {
  /** Hours of life by profile; '' for orders without one. */
  hours: Record<string, number>;
  /** Answers in place of the server; throws a Problem to refuse. */
  instead: (asked: Asked) => Promise<Reply | undefined> | Reply | undefined;
  /** The window for a certificate, by its identifier; null: 404. */
  window: (id: string) => Window | null;
  /** How many looks an order and an authorization stay undecided for, and what Retry-After these get. */
  looks: number;
  retryAfterSeconds: number | null;
  /** Whether the key authorization stands where it must. */
  validate: (name: string, token: string, keyAuthorization: string) => Promise<boolean>;
};

export type SmallAcme = {
  directory: string;
  caFile: string;
  root: string;
  wishes: SmallAcmeWishes;
  asked: Asked[];
  /** What was asked of this path: a POST with a payload, unless `method` says otherwise. */
  askedOf: (path: string, method?: string) => Asked[];
  signed: { id: string; names: string[]; replaces: string | null; profile: string | null }[];
  accounts: () => number;
};

type Order = {
  names: string[];
  status: string;
  looks: number;
  valid: boolean;
  failed: boolean;
  profile: string | null;
  replaces: string | null;
  account: string;
  chainPem: string;
};

/** Starts it on a port of its own; ends with the test. `httpPort` is where it looks for HTTP-01. */
export async function smallAcmeFor(t: Pick<TestContext, 'after'>, httpPort: number): Promise<SmallAcme> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-acme-'));
  const own = localCertificate(folder, ['127.0.0.1'], Date.now());
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, own.rootPem);
  const ca = new SmallCa();
  const accounts = new Map<string, { jwk: Jwk }>();
  const orders = new Map<string, Order>();
  const nonces = new Set<string>();
  const acme: SmallAcme = {
    directory: '',
    caFile,
    root: ca.root.pem,
    asked: [],
    askedOf: (path, method = 'POST') =>
      acme.asked.filter(
        (one) => one.path.startsWith(path) && one.method === method && (method !== 'POST' || one.payload !== null),
      ),
    signed: [],
    accounts: () => accounts.size,
    wishes: {
      hours: { '': 90 * 24 },
      instead: () => undefined,
      window: () => null,
      looks: 0,
      retryAfterSeconds: null,
      validate: async (name, token, keyAuthorization) => {
        const url = `http://127.0.0.1:${httpPort}/.well-known/acme-challenge/${token}`;
        return (await (await request(url, { headers: { host: name } })).body.text()) === keyAuthorization;
      },
    },
  };
  const server = createServer({ cert: own.certPem, key: own.keyPem }, (incoming, response) => {
    void answer(incoming, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  acme.directory = `${origin}/directory`;
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return acme;

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of incoming.setEncoding('utf8')) text += part;
    let reply: Reply;
    try {
      reply = await judge(incoming, text);
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(500, 'serverInternal', String(error));
      const { status, type, message: detail, headers } = problem;
      reply = {
        status,
        headers: { 'Content-Type': 'application/problem+json', ...headers },
        body: { type: `urn:ietf:params:acme:error:${type}`, detail, status },
      };
    }
    const nonce = randomBytes(12).toString('base64url');
    nonces.add(nonce);
    const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const kind = typeof reply.body === 'string' ? 'application/pem-certificate-chain' : 'application/json';
    response.writeHead(reply.status ?? 200, { 'Content-Type': kind, 'Replay-Nonce': nonce, ...reply.headers });
    response.end(body);
  }

  async function judge({ method = '', url: path = '' }: IncomingMessage, text: string): Promise<Reply> {
    const asked: Asked = { method, path, payload: null, atMs: performance.now() };
    const [, place = '', id = ''] = path.split('/');
    const jws =
      method !== 'POST'
        ? null
        : readJws(
            text,
            origin + path,
            (nonce) => nonces.delete(nonce),
            (kid) => accounts.get(kid)?.jwk,
          );
    asked.payload = jws?.payload ?? null;
    acme.asked.push(asked);
    const instead = await acme.wishes.instead(asked);
    if (instead !== undefined) return instead;
    if (jws === null) return unsigned(place, id);
    const account = String(jws.header.kid);
    const order = orders.get(id);
    if (place === 'new-account') return newAccount(jws.jwk);
    if (place === 'account') return { body: { status: 'valid' } };
    if (place === 'new-order') return newOrder(jws.payload as NewOrder, account);
    if (order === undefined || order.account !== account) throw new Problem(404, 'malformed', 'no such thing');
    if (place === 'challenge') return challenge(id, order, jws.jwk);
    if (place === 'authorization') return undecided(order, authorizationOf(id, order));
    if (place === 'finalize') return finalize(id, order, jws.payload as { csr: string });
    if (place === 'order') return undecided(order, orderOf(id, order));
    if (place === 'certificate') return { body: order.chainPem };
    throw new Problem(404, 'malformed', 'no such thing');
  }

  function unsigned(place: string, id: string): Reply {
    if (place === 'new-nonce') return { body: '' };
    if (place === 'directory') {
      const names = {
        newNonce: 'new-nonce',
        newAccount: 'new-account',
        newOrder: 'new-order',
        renewalInfo: 'renewal-info',
      };
      const urls = Object.fromEntries(Object.entries(names).map(([name, at]) => [name, `${origin}/${at}`]));
      return {
        body: {
          ...urls,
          meta: { profiles: Object.fromEntries(Object.keys(acme.wishes.hours).map((name) => [name, name])) },
        },
      };
    }
    const window = place === 'renewal-info' ? acme.wishes.window(id) : null;
    if (window === null) throw new Problem(404, 'malformed', 'no such thing');
    const { retryAfterSeconds = 21_600, ...suggestedWindow } = window;
    return { headers: { 'Retry-After': String(retryAfterSeconds) }, body: { suggestedWindow } };
  }

  function newAccount(jwk: Jwk): Reply {
    const url = `${origin}/account/${thumbprint(jwk)}`;
    const status = accounts.has(url) ? 200 : 201;
    accounts.set(url, { jwk });
    return { status, headers: { Location: url }, body: { status: 'valid' } };
  }

  type NewOrder = { identifiers: { type: string; value: string }[]; profile?: string; replaces?: string };

  function newOrder({ identifiers, profile, replaces }: NewOrder, account: string): Reply {
    if (acme.wishes.hours[profile ?? ''] === undefined)
      throw new Problem(400, 'invalidProfile', `no profile ${profile}`);
    // RFC 9773 section 5.
    if (replaces !== undefined && acme.signed.some((one) => one.replaces === replaces)) {
      throw new Problem(409, 'alreadyReplaced', `${replaces} was replaced already`);
    }
    const id = randomBytes(9).toString('base64url');
    const names = identifiers.map(({ value }) => value);
    const order: Order = {
      names,
      account,
      status: 'pending',
      looks: 0,
      valid: false,
      failed: false,
      chainPem: '',
      profile: profile ?? null,
      replaces: replaces ?? null,
    };
    orders.set(id, order);
    return { status: 201, headers: { Location: `${origin}/order/${id}` }, body: orderOf(id, order) };
  }

  async function challenge(id: string, order: Order, jwk: Jwk): Promise<Reply> {
    order.looks = acme.wishes.looks;
    order.valid = await acme.wishes.validate(order.names[0] ?? '', id, `${id}.${thumbprint(jwk)}`).catch(() => false);
    order.failed = !order.valid;
    order.status = order.valid ? 'ready' : 'invalid';
    return { body: authorizationOf(id, order).challenges[0] };
  }

  function finalize(id: string, order: Order, { csr }: { csr: string }): Reply {
    if (order.status !== 'ready') throw new Problem(403, 'orderNotReady', `the order is ${order.status}`);
    const wanted = readRequest(Buffer.from(csr, 'base64url'));
    if (String(wanted.names) !== String(order.names)) throw new Problem(400, 'badCSR', `it is for ${wanted.names}`);
    const { chainPem, id: certificateId } = ca.sign(wanted, acme.wishes.hours[order.profile ?? ''] ?? 0);
    acme.signed.push({ id: certificateId, names: order.names, replaces: order.replaces, profile: order.profile });
    Object.assign(order, { chainPem, status: 'valid', looks: acme.wishes.looks });
    return undecided(order, orderOf(id, order));
  }

  /** Counts a look, and says how long to wait with the next one. */
  function undecided(order: Order, body: object): Reply {
    const { retryAfterSeconds } = acme.wishes;
    if (order.looks === 0) return { body };
    order.looks -= 1;
    return { body, ...(retryAfterSeconds === null ? {} : { headers: { 'Retry-After': String(retryAfterSeconds) } }) };
  }

  function orderOf(id: string, { names, status, looks }: Order): object {
    const shown = looks === 0 || status === 'pending' ? status : status === 'valid' ? 'processing' : 'pending';
    return {
      status: shown,
      identifiers: names.map((value) => ({ type: 'dns', value })),
      authorizations: [`${origin}/authorization/${id}`],
      finalize: `${origin}/finalize/${id}`,
      ...(shown === 'valid' ? { certificate: `${origin}/certificate/${id}` } : {}),
    };
  }

  function authorizationOf(id: string, { names, valid, failed, looks }: Order) {
    const status = looks > 0 ? 'pending' : valid ? 'valid' : failed ? 'invalid' : 'pending';
    const error = failed
      ? { error: { type: 'urn:ietf:params:acme:error:unauthorized', detail: 'not what was expected there' } }
      : {};
    return {
      status,
      identifier: { type: 'dns', value: names[0] },
      challenges: [{ type: 'http-01', url: `${origin}/challenge/${id}`, token: id, status, ...error }],
    };
  }
}
