// Owns the command line's way to the running gate: HTTP over the Unix socket in its stateDir.
import { Agent, request } from 'undici';
import { errorCode, errorText } from '../base/errors.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import { findStateDir } from '../config/state-dir.ts';
import { findAdminSocket } from '../control/admin-socket.ts';
import { EXIT } from './exit-codes.ts';

// An order waits for the CA, which may take minutes to look.
const LONGEST_ANSWER_MS = 15 * 60_000;

export type AdminReply = { kind: 'answer'; body: unknown } | { kind: 'failed'; exitCode: number; message: string };

/** Asks the gate that serves this configuration. Every failure comes with its exit code and the next step. */
export async function askGate(
  configFile: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  content?: unknown,
): Promise<AdminReply> {
  // From stateDir alone: a configuration that has become bad otherwise still finds its gate.
  const stateDir = findStateDir(configFile);
  const socketPath = stateDir === null ? null : findAdminSocket(stateDir);
  if (socketPath === null) return { kind: 'failed', exitCode: EXIT.no, message: faultsOf(configFile).join('\n') };
  const dispatcher = new Agent({ connect: { socketPath, timeout: 3_000 } });
  try {
    const response = await request(`http://gate${path}`, {
      method,
      dispatcher,
      headersTimeout: LONGEST_ANSWER_MS,
      ...(content === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) }),
    });
    const body: unknown = await response.body.json();
    if (response.statusCode >= 400) return { kind: 'failed', exitCode: EXIT.no, message: refusalText(body) };
    return { kind: 'answer', body };
  } catch (error) {
    const reason = errorCode(error);
    if (reason === 'ENOENT' || reason === 'ECONNREFUSED') {
      const message = `no gate is running for ${configFile} (nothing answers on ${socketPath}): start one with \`otagate serve -c ${configFile}\``;
      // Where the file cannot be read right, its stateDir may not be the one that was looked in.
      const faults = faultsOf(configFile);
      if (faults.length > 0) return { kind: 'failed', exitCode: EXIT.no, message: [...faults, message].join('\n') };
      return { kind: 'failed', exitCode: EXIT.notRunning, message };
    }
    return {
      kind: 'failed',
      exitCode: EXIT.no,
      message: `the gate on ${socketPath} could not be asked: ${errorText(error)}`,
    };
  } finally {
    await dispatcher.destroy();
  }
}

function faultsOf(configFile: string): string[] {
  const loaded = loadConfig(configFile);
  return loaded.ok ? [] : loaded.faults.map(formatFinding);
}

function refusalText(body: unknown): string {
  return typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : JSON.stringify(body);
}
