// Owns the check of what an ACME client signs (RFC 8555 section 6.2), by Node's own crypto.
import { createHash, createPublicKey, verify } from 'node:crypto';

/** An account's key: P-256 here. */
export type Jwk = { kty: string; crv: string; x: string; y: string };

export type Jws = { payload: unknown; header: Record<string, unknown>; jwk: Jwk };

/** A refusal, to be answered as a problem document. */
export class Problem extends Error {
  readonly status: number;
  readonly type: string;
  readonly headers: Record<string, string>;

  constructor(status: number, type: string, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.status = status;
    this.type = type;
    this.headers = headers;
  }
}

/** Reads a signed request. `keyOf` knows the keys of accounts. @throws {Problem} for all that is not as it must be */
export function readJws(
  text: string,
  url: string,
  useNonce: (nonce: string) => boolean,
  keyOf: (kid: string) => Jwk | undefined,
): Jws {
  const jws = JSON.parse(text) as Record<'protected' | 'payload' | 'signature', string>;
  const header = decode(jws.protected) as Record<string, unknown>;
  if (header.url !== url) throw new Problem(401, 'unauthorized', `signed for ${String(header.url)}, sent to ${url}`);
  if ('kid' in header === 'jwk' in header) throw new Problem(400, 'malformed', 'either kid or jwk');
  const jwk = 'kid' in header ? keyOf(String(header.kid)) : (header.jwk as Jwk);
  if (jwk === undefined) throw new Problem(400, 'accountDoesNotExist', `no account ${String(header.kid)}`);
  if (header.alg !== 'ES256') throw new Problem(400, 'badSignatureAlgorithm', String(header.alg));
  const good = verify(
    'sha256',
    Buffer.from(`${jws.protected}.${jws.payload}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(jws.signature, 'base64url'),
  );
  if (!good) throw new Problem(401, 'unauthorized', 'the signature is wrong');
  if (!useNonce(String(header.nonce))) throw new Problem(400, 'badNonce', 'not one of ours');
  return { payload: jws.payload === '' ? null : decode(jws.payload), header, jwk };
}

/** The key's thumbprint (RFC 7638), which ends a key authorization. */
export function thumbprint({ crv, kty, x, y }: Jwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function decode(text: string): unknown {
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
}
