// Owns the command line's way to the running gate: HTTP over the Unix socket in its stateDir.
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import { errorCode, errorText } from '../base/errors.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import { findStateDir } from '../config/state-dir.ts';
import { findAdminSocket } from '../control/admin/socket-place.ts';
import { EXIT } from './exit-codes.ts';

// An order waits for the CA, which may take minutes to look.
const LONGEST_ANSWER_MS = 15 * 60_000;

export type Method = 'GET' | 'POST' | 'DELETE';
export type Failed = { kind: 'failed'; exitCode: number; message: string };
export type AdminReply = { kind: 'answer'; body: unknown } | Failed;

/** Asks the gate that serves this configuration. Every failure comes with its exit code and the next step. */
export function askGate(configFile: string, method: Method, path: string, content?: unknown): Promise<AdminReply> {
  return withGate(configFile, { method, path, ...jsonBody(content) }, async (response) => {
    return { kind: 'answer', body: await response.body.json() };
  });
}

/** Sends a file as it is read; `onBytes` hears how much of it has gone. */
export function sendToGate(configFile: string, path: string, bytes: Readable): Promise<AdminReply> {
  const headers = { 'content-type': 'application/octet-stream' };
  return withGate(configFile, { method: 'POST', path, headers, body: bytes }, async (response) => {
    return { kind: 'answer', body: await response.body.json() };
  });
}

/** Asks for what takes its time, and hands over each line of the answer (a JSON document) as it comes. */
export function followGate(
  configFile: string,
  path: string,
  content: unknown,
  onLine: (line: unknown) => void,
): Promise<AdminReply> {
  return withGate(configFile, { method: 'POST', path, ...jsonBody(content) }, async (response) => {
    let rest = '';
    for await (const chunk of response.body.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') onLine(JSON.parse(line));
    }
    return { kind: 'answer', body: null };
  });
}

/** Writes the body of an answer to a stream. */
export function downloadFromGate(configFile: string, path: string, to: NodeJS.WritableStream): Promise<AdminReply> {
  return withGate(configFile, { method: 'GET', path }, async (response) => {
    await response.body.pipe(to, { end: true });
    await new Promise((resolve, reject) => to.once('finish', resolve).once('error', reject));
    return { kind: 'answer', body: null };
  });
}

type Question = { method: Method; path: string; headers?: Record<string, string>; body?: string | Readable };

function jsonBody(content: unknown): Pick<Question, 'headers' | 'body'> {
  if (content === undefined) return {};
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) };
}

async function withGate(
  configFile: string,
  { path, ...question }: Question,
  read: (response: Dispatcher.ResponseData) => Promise<AdminReply>,
): Promise<AdminReply> {
  // From stateDir alone: a configuration that has become bad otherwise still finds its gate.
  const stateDir = findStateDir(configFile);
  const socketPath = stateDir === null ? null : findAdminSocket(stateDir);
  if (socketPath === null) return { kind: 'failed', exitCode: EXIT.no, message: faultsOf(configFile).join('\n') };
  const dispatcher = new Agent({ connect: { socketPath, timeout: 3_000 } });
  try {
    const times = { headersTimeout: LONGEST_ANSWER_MS, bodyTimeout: LONGEST_ANSWER_MS };
    const response = await request(`http://gate${path}`, { ...question, ...times, dispatcher });
    if (response.statusCode < 400) return await read(response);
    return { kind: 'failed', exitCode: EXIT.no, message: refusalText(await response.body.json()) };
  } catch (error) {
    return notReached(configFile, socketPath, error);
  } finally {
    await dispatcher.destroy();
  }
}

function notReached(configFile: string, socketPath: string, error: unknown): Failed {
  const reason = errorCode(error);
  if (reason !== 'ENOENT' && reason !== 'ECONNREFUSED') {
    const message = `the gate on ${socketPath} could not be asked: ${errorText(error)}`;
    return { kind: 'failed', exitCode: EXIT.no, message };
  }
  const message = `no gate is running for ${configFile} (nothing answers on ${socketPath}): start one with \`otagate serve -c ${configFile}\``;
  // Where the file cannot be read right, its stateDir may not be the one that was looked in.
  const faults = faultsOf(configFile);
  if (faults.length > 0) return { kind: 'failed', exitCode: EXIT.no, message: [...faults, message].join('\n') };
  return { kind: 'failed', exitCode: EXIT.notRunning, message };
}

function faultsOf(configFile: string): string[] {
  const loaded = loadConfig(configFile);
  return loaded.ok ? [] : loaded.faults.map(formatFinding);
}

function refusalText(body: unknown): string {
  return typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : JSON.stringify(body);
}
