// Owns GateError: the one error class of the gate, with a closed union of codes.

/** Whose fault an error is: it decides between 4xx, 502/504 and 500, and what the log asks the operator to do. */
export type Fault = 'client' | 'upstream' | 'gate';

/** Every code that the gate puts into problem JSON or a log line. Stable: people script against them. */
export type ErrorCode =
  | 'ACME_DIRECTORY'
  | 'ACME_REFUSED'
  | 'ACME_TIMEOUT'
  | 'ACME_UNREACHABLE'
  | 'BACKUP_DAMAGED'
  | 'BACKUP_REFUSED'
  | 'BODY_TIMEOUT'
  | 'BODY_TOO_LARGE'
  | 'CHALLENGE_UNKNOWN'
  | 'CLIENT_GONE'
  | 'CLIENT_NOT_ALLOWED'
  | 'CSRF_TOKEN_WRONG'
  | 'DESCRIPTORS_OUT'
  | 'DEVICE_UNKNOWN'
  | 'DNS_FAILED'
  | 'DNS_REFUSED'
  | 'DNS_TIMEOUT'
  | 'FILE_NOT_FOUND'
  | 'FIRMWARE_CHANGED'
  | 'FIRMWARE_CORRUPT'
  | 'FIRMWARE_LINK_DEAD'
  | 'FIRMWARE_LINK_EXPIRED'
  | 'FIRMWARE_MERGED'
  | 'FIRMWARE_NO_ROOM'
  | 'FIRMWARE_REDIRECT'
  | 'FIRMWARE_TOO_LARGE'
  | 'FIRMWARE_UNFIT'
  | 'FIRMWARE_UNKNOWN'
  | 'GATE_STOPPING'
  | 'FIRMWARE_WITHHELD'
  | 'HEADERS_TOO_LARGE'
  | 'HOST_AMBIGUOUS'
  | 'HOST_MISDIRECTED'
  | 'HOST_MISSING'
  | 'HOST_UNKNOWN'
  | 'HTTPS_ONLY'
  | 'INTERNAL'
  | 'LISTEN_FAILED'
  | 'MEDIA_TYPE_UNKNOWN'
  | 'LOGIN_REQUIRED'
  | 'LOGIN_TOO_OFTEN'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_LOGGED_IN'
  | 'OPENING_REFUSED'
  | 'ORIGIN_FOREIGN'
  | 'PATH_AMBIGUOUS'
  | 'PATH_INVALID'
  | 'PLAIN_HTTP_CLOSED'
  | 'READ_ONLY'
  | 'REPLY_TOO_LARGE'
  | 'REQUEST_INVALID'
  | 'REQUESTS_TOO_OFTEN'
  | 'REQUEST_TIMEOUT'
  | 'ROLLOUT_REFUSED'
  | 'ROUTE_NOT_FOUND'
  | 'ROUTE_REFUSED'
  | 'STATE_DAMAGED'
  | 'STATE_DIR'
  | 'STATE_NOT_WRITTEN'
  | 'STORE_GONE'
  | 'TLS_MATERIAL'
  | 'TOKEN_WRONG'
  | 'TOO_MANY_READERS'
  | 'TOO_MANY_WRONG_TOKENS'
  | 'UPGRADE_NOT_HERE'
  | 'UPSTREAM_CONNECT'
  | 'UPSTREAM_REPLY'
  | 'UPSTREAM_RESET'
  | 'UPSTREAM_STATUS'
  | 'UPSTREAM_TIMEOUT'
  | 'WEBSOCKETS_TOO_MANY';

export type ErrorFacts = {
  fault: Fault;
  /** HTTP status where the error is answered to a client. */
  status?: number;
  /** Whether the same request may succeed when tried again. */
  retry?: boolean;
  /** Flat facts for the log and the problem JSON: names, addresses, numbers; never secrets. */
  facts?: Record<string, string | number>;
  cause?: unknown;
};

/** An error that names the thing and the next step in its message, and carries the rest as fields. */
export class GateError extends Error {
  override readonly name = 'GateError';
  readonly code: ErrorCode;
  readonly fault: Fault;
  readonly status: number;
  readonly retry: boolean;
  readonly facts: Record<string, string | number>;

  constructor(code: ErrorCode, message: string, options: ErrorFacts) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fault = options.fault;
    this.status = options.status ?? { client: 400, upstream: 502, gate: 500 }[options.fault];
    this.retry = options.retry ?? false;
    this.facts = options.facts ?? {};
  }
}

/** The system or library code of an unknown error (`ECONNREFUSED`, `UND_ERR_SOCKET`), else its name. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) {
    const code = (error as Error & { code?: unknown }).code;
    return typeof code === 'string' ? code : error.name;
  }
  return typeof error;
}

/** One line of text for an unknown error, without its stack. */
export function errorText(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorText(error.errors[0]);
  return error instanceof Error ? error.message || errorCode(error) : String(error);
}
