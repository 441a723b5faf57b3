// Owns refusals of the admin interface, and the problem JSON that every error of it becomes.
import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorCode, GateError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';

/** A request that is not carried out. The message names the next step and holds nothing secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly status: number;
  /** Whole seconds, where trying again later helps. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, code: ErrorCode, message: string, retryAfterSeconds: number | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export type Problem = { type: 'about:blank'; title: string; status: number; code: string; detail: string };

/** The body of RFC 9457. */
export function problem(status: number, code: string, detail: string): Problem {
  // Messages quote what a client sent.
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: printable(detail, 1_000),
  };
}

/** What an error tells a client; `unforeseen` where it is a fault of ours, whose message stays in the log. */
export type Told = { problem: Problem; retryAfterSeconds: number | null; unforeseen: boolean };

/** Turns whatever was thrown into what may be told. */
export function tellError(error: unknown): Told {
  if (error instanceof Refusal) {
    const { status, code, message, retryAfterSeconds } = error;
    return { problem: problem(status, code, message), retryAfterSeconds, unforeseen: false };
  }
  if (error instanceof GateError) {
    const { status, code, message } = error;
    return { problem: problem(status, code, message), retryAfterSeconds: null, unforeseen: false };
  }
  if (tookNothing(error)) {
    const why = `the disk of stateDir takes nothing (${messageOf(error)}), so this was not kept`;
    const words = `${why}: make room there, or make it writable, then try again`;
    return { problem: problem(507, 'STATE_NOT_WRITTEN', words), retryAfterSeconds: null, unforeseen: false };
  }
  const status = clientStatusOf(error);
  if (status === null) {
    const words = 'the gate could not carry this out: its log says why';
    return { problem: problem(500, 'INTERNAL', words), retryAfterSeconds: null, unforeseen: true };
  }
  const [code, detail] = FRAMEWORK[errorCode(error)] ?? ['REQUEST_INVALID', messageOf(error)];
  return { problem: problem(status, code, detail), retryAfterSeconds: null, unforeseen: false };
}

const FRAMEWORK: Readonly<Record<string, [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'the body of this request is too large for what it asks for'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE_UNKNOWN', 'the body of this request has to be application/json'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['REQUEST_INVALID', 'the body is empty, although it is said to be JSON'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['REQUEST_INVALID', 'the body is no JSON'],
  FST_ERR_BAD_URL: ['PATH_INVALID', 'the path cannot be decoded'],
  FST_ERR_MAX_PARAM_LENGTH: ['PATH_INVALID', 'a part of the path is too long'],
};

const DISK_CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);
// SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL (https://www.sqlite.org/rescode.html); extended codes end in these bytes.
const DISK_RESULTS = new Set([8, 10, 13]);

/** Whether it is the disk that refused. */
function tookNothing(error: unknown): boolean {
  if (DISK_CODES.has(errorCode(error))) return true;
  const { errcode } = error instanceof Error ? (error as Error & { errcode?: unknown }) : {};
  return errorCode(error) === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && DISK_RESULTS.has(errcode & 0xff);
}

/** The 4xx status that the web framework gave its own error, or null where it is none of these. */
function clientStatusOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  const { statusCode } = error as Error & { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'this request cannot be read';
}
