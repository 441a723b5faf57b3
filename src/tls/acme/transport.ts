// Owns acme-client's HTTP settings, which count for the whole process, and turns a CA's refusals into typed errors.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { axios } from 'acme-client';
import { errorCode, errorText, GateError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { parseChain, refuse } from '../chain.ts';

const TIMEOUT_MS = 30_000;
const ERROR_NAMESPACE = 'urn:ietf:params:acme:error:';

let prepared = false;
let directoryUrl = '';
// The client hands on the data of a response without its headers: by the data they are found again.
const pauses = new WeakMap<object, number>();

/**
 * Sets the client up for a directory, until `signal` ends all that is under way.
 * @throws {GateError} TLS_MATERIAL for a `caFile` that cannot be read
 */
export function prepareTransport(directory: string, caFile: string | null, signal: AbortSignal): void {
  directoryUrl = directory;
  axios.defaults.timeout = TIMEOUT_MS;
  axios.defaults.signal = signal;
  axios.defaults.headers.common['User-Agent'] = 'otagate (acme-client)';
  axios.defaults.httpsAgent = new Agent(caFile === null ? {} : { ca: readCa(caFile) });
  if (prepared) return;
  prepared = true;
  // The client's own look at responses would sit out a Retry-After of hours inside an order, and loses what the system
  // says of a CA that cannot be reached. Without it, every response comes as an error.
  axios.interceptors.response.clear();
  axios.interceptors.response.use(refuseErrors, (error: unknown) => {
    const response: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'response') : undefined;
    if (isResponse(response)) return refuseErrors(response);
    throw unreachable(error);
  });
}

function readCa(caFile: string): string {
  const file = `tls.acme.caFile ${caFile}`;
  let pem: string;
  try {
    pem = readFileSync(caFile, 'utf8');
  } catch (error) {
    throw refuse(file, `cannot be read (${errorText(error)})`, error);
  }
  if (parseChain(pem, file).length === 0) throw refuse(file, 'holds no certificate: roots in PEM are wanted');
  return pem;
}

type Response = { status: number; data: unknown; headers: object; config: { url?: string } };

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'status' in value && 'config' in value;
}

/** A bad nonce passes: the client asks again with a fresh one (RFC 8555 section 6.5). */
function refuseErrors<T extends Response>(response: T): T {
  const { status, data, config } = response;
  const retryAfterMs = retryAfterIn(response.headers);
  if (status < 400) {
    if (retryAfterMs !== null && typeof data === 'object' && data !== null) pauses.set(data, retryAfterMs);
    if (config.url === directoryUrl && !isDirectory(data)) throw noDirectory('answers');
    return response;
  }
  const problem = readProblem(data);
  if (problem.type === 'badNonce') return response;
  // A mistyped URL mostly meets some web page that says so.
  if (config.url === directoryUrl && problem.type === 'unknown' && status < 500 && status !== 429) {
    throw noDirectory(`answers ${status}`);
  }
  throw new GateError('ACME_REFUSED', `the CA refuses (${status} ${problem.type}): ${problem.detail}`, {
    fault: 'upstream',
    retry: status === 429 || status >= 500,
    facts: { acmeType: problem.type, httpStatus: status, ...(retryAfterMs === null ? {} : { retryAfterMs }) },
  });
}

function noDirectory(answers: string): GateError {
  return new GateError(
    'ACME_DIRECTORY',
    `${directoryUrl} ${answers}, but not with an ACME directory: tls.acme.directory wants the directory's own URL`,
    { fault: 'upstream' },
  );
}

function isDirectory(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'newNonce' in data && 'newOrder' in data;
}

/** How long the CA asks to wait before this order or authorization is looked at again; null where it does not say. */
export function retryAfterMsOf(answer: object): number | null {
  return pauses.get(answer) ?? null;
}

function retryAfterIn(headers: object): number | null {
  const value = Reflect.get(headers, 'retry-after');
  return typeof value === 'string' ? parseRetryAfter(value, Date.now()) : null;
}

/** The short type and the detail of a problem document (RFC 8555 section 6.7), fit to be printed. */
export function readProblem(data: unknown): { type: string; detail: string } {
  if (typeof data !== 'object' || data === null) return { type: 'unknown', detail: 'no problem document' };
  const type = 'type' in data && typeof data.type === 'string' ? data.type.replace(ERROR_NAMESPACE, '') : 'unknown';
  const detail = 'detail' in data && typeof data.detail === 'string' ? data.detail : 'no detail';
  return { type: printable(type, 60), detail: printable(detail, 400) };
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3), as milliseconds from now; null for anything else. */
export function parseRetryAfter(value: string, nowMs: number): number | null {
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  // Date.parse takes "-5" for a month; a date in a header begins with the day of the week.
  const date = /^[A-Z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function unreachable(error: unknown): GateError {
  if (error instanceof GateError) return error;
  const reason = errorCode(error);
  return new GateError(
    'ACME_UNREACHABLE',
    `the CA at ${directoryUrl} cannot be reached (${reason}: ${printable(errorText(error))})`,
    {
      fault: 'upstream',
      retry: true,
      facts: { reason },
      cause: error,
    },
  );
}
