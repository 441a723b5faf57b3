// Owns Tencent Cloud's request signature, TC3-HMAC-SHA256.
import { createHash, createHmac } from 'node:crypto';

export type Tc3Request = {
  /** As in the host name of the API: `dnspod`. */
  service: string;
  /** Headers to sign, names in lower case. `content-type` and `host` must be among them. */
  headers: Record<string, string>;
  /** The body of a POST to `/`. */
  body: string;
};

/** The Authorization header for a request. `timestamp` in seconds; the same one goes into X-TC-Timestamp. */
export function tc3Authorization(
  keys: { secretId: string; secretKey: string },
  request: Tc3Request,
  timestamp: number,
): string {
  const names = Object.keys(request.headers).sort();
  const lines = names.map((name) => `${name}:${(request.headers[name] ?? '').trim().toLowerCase()}\n`).join('');
  const signedHeaders = names.join(';');
  const canonical = ['POST', '/', '', lines, signedHeaders, sha256(request.body)].join('\n');
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${request.service}/tc3_request`;
  const toSign = ['TC3-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n');
  const key = [date, request.service, 'tc3_request'].reduce<Buffer | string>(hmac, `TC3${keys.secretKey}`);
  const signature = hmac(key, toSign).toString('hex');
  return `TC3-HMAC-SHA256 Credential=${keys.secretId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
