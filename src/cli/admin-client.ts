// Owns the command line's way to the running gate: HTTP over the Unix socket in its stateDir.
import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode, errorText } from '../base/errors.ts';
import { findStateDir } from '../config/state-dir.ts';
import { findAdminSocket } from '../control/admin/socket-place.ts';
import type { Context, Patience } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { duration } from './times.ts';

// Control gives gates ten seconds to take a change. An order waits for the CA, which may take minutes to look.
const PATIENCE: Patience = { wordMs: 3_000, answerMs: 30_000, longMs: 15 * 60_000 };

export type Method = 'GET' | 'POST' | 'DELETE';
export type Failed = { kind: 'failed'; exitCode: number; message: string };
export type AdminReply = { kind: 'answer'; body: unknown } | Failed;

/** Asks the gate that serves this configuration. Every failure comes with its exit code and the next step. */
export function askGate(context: Context, method: Method, path: string, content?: unknown): Promise<AdminReply> {
  return withGate(context, { method, path, ...jsonBody(content) }, async (response) => {
    return { kind: 'answer', body: JSON.parse(await textOf(response)) };
  });
}

/** Asks for what is answered only once it is done, and may take its time. */
export function askGateAtLength(
  context: Context,
  method: Method,
  path: string,
  content?: unknown,
): Promise<AdminReply> {
  return withGate(context, { method, path, ...jsonBody(content), long: true }, async (response) => {
    return { kind: 'answer', body: JSON.parse(await textOf(response)) };
  });
}

/** Sends a file as it is read. Nobody reads `bytes` before: what flows while control is asked would be lost. */
export function sendToGate(context: Context, path: string, bytes: Readable): Promise<AdminReply> {
  const headers = { 'content-type': 'application/octet-stream' };
  return withGate(context, { method: 'POST', path, headers, body: bytes, long: true }, async (response) => {
    return { kind: 'answer', body: JSON.parse(await textOf(response)) };
  });
}

/** Asks for what takes its time, and hands over each line of the answer (a JSON document) as it comes. */
export function followGate(
  context: Context,
  path: string,
  content: unknown,
  onLine: (line: unknown) => void,
): Promise<AdminReply> {
  return withGate(context, { method: 'POST', path, ...jsonBody(content), long: true }, async (response) => {
    let rest = '';
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') onLine(JSON.parse(line));
    }
    return { kind: 'answer', body: null };
  });
}

/** Writes the body of an answer to a stream. */
export function downloadFromGate(context: Context, path: string, to: NodeJS.WritableStream): Promise<AdminReply> {
  return withGate(context, { method: 'GET', path, long: true }, async (response) => {
    await pipeline(response, to);
    return { kind: 'answer', body: null };
  });
}

export type Question = { method: Method; path: string; headers?: Record<string, string>; body?: string | Readable };
type Asked = Question & { long?: true };

function jsonBody(content: unknown): Pick<Question, 'headers' | 'body'> {
  if (content === undefined) return {};
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) };
}

async function withGate(
  context: Context,
  question: Asked,
  read: (response: IncomingMessage) => Promise<AdminReply>,
): Promise<AdminReply> {
  // From stateDir alone: a configuration that has become bad otherwise still finds its gate.
  const stateDir = findStateDir(context.configFile);
  if (stateDir === null) return notFound(context);
  const socketPath = findAdminSocket(stateDir);
  try {
    const response = await askPatiently(context, socketPath, question);
    if ((response.statusCode ?? 500) < 400) return await read(response);
    return failed(EXIT.no, refusalText(await textOf(response)));
  } catch (error) {
    return notReached(context, socketPath, error);
  }
}

/** What takes long waits long only for a control that is there. */
async function askPatiently(context: Context, socketPath: string, question: Asked): Promise<IncomingMessage> {
  const { terminal, words, patience = PATIENCE } = context;
  if (question.long === true) {
    const there = await askPatiently(context, socketPath, { method: 'GET', path: '/healthz' });
    there.resume();
    return exchange(socketPath, question, patience.longMs);
  }
  const say = (): void => terminal.tell(words.gate.noAnswerYet(duration(patience.answerMs, words.units)));
  const word = setTimeout(say, patience.wordMs);
  return exchange(socketPath, question, patience.answerMs).finally(() => clearTimeout(word));
}

/**
 * One request over the socket of a gate; resolves with the head of its answer.
 * @throws {Error} with the system's code where nobody answers; ETIMEDOUT where nobody does for `silenceMs`
 */
export function exchange(socketPath: string, question: Question, silenceMs: number): Promise<IncomingMessage> {
  const { method, path, headers, body } = question;
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, method, path, headers: headers ?? {}, agent: false, timeout: silenceMs },
      resolve,
    );
    asked.once('timeout', () => {
      const late = new Error(`no answer within ${silenceMs / 1000} s`);
      asked.destroy(Object.assign(late, { code: 'ETIMEDOUT' }));
    });
    // Also after an answer that came before the whole body was sent: nobody waits for that any more.
    asked.on('error', reject);
    if (body instanceof Readable) void pipeline(body, asked).catch(reject);
    else asked.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}

async function notFound({ configFile, words }: Context): Promise<Failed> {
  const faults = await faultsOf(configFile);
  return failed(EXIT.no, [...faults, ...(existsSync(configFile) ? [words.gate.notFound(configFile)] : [])].join('\n'));
}

async function notReached({ configFile, words }: Context, socketPath: string, error: unknown): Promise<Failed> {
  const reason = errorCode(error);
  if (reason === 'EACCES' || reason === 'EPERM') return failed(EXIT.no, words.gate.notPermitted(socketPath));
  if (reason === 'ETIMEDOUT') return failed(EXIT.no, words.gate.silent(socketPath, errorText(error)));
  if (reason !== 'ENOENT' && reason !== 'ECONNREFUSED')
    return failed(EXIT.no, words.gate.notAsked(socketPath, errorText(error)));
  const message = words.gate.notRunning(configFile, socketPath);
  // Where the file cannot be read right, its stateDir may not be the one that was looked in.
  const faults = await faultsOf(configFile);
  if (faults.length > 0) return failed(EXIT.no, [...faults, message].join('\n'));
  return failed(EXIT.notRunning, message);
}

function failed(exitCode: number, message: string): Failed {
  return { kind: 'failed', exitCode, message };
}

// Loaded here alone: reading the whole configuration takes longer than asking the gate.
async function faultsOf(configFile: string): Promise<string[]> {
  const [{ loadConfig }, { formatFinding }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/finding.ts'),
  ]);
  const loaded = loadConfig(configFile);
  return loaded.ok ? [] : loaded.faults.map(formatFinding);
}

/** What the gate says of a refusal, in its own (English) words. */
function refusalText(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : text;
  } catch {
    return text;
  }
}
