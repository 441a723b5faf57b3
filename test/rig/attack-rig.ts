// Owns what every attack starts from: a gate of one process in front of an upstream of bytes, and the look whether it
// came through unharmed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type GateRig, startGate } from './gate.ts';
import { ask, type DialOptions, dial, type RawClient } from './raw-client.ts';
import { type Answer, OK, type RawUpstream, startRawUpstream } from './raw-upstream.ts';

export type AttackRig = {
  gate: GateRig;
  upstream: RawUpstream;
  /** Where a client of bytes connects: plain HTTP, from outside. */
  plain: DialOptions;
  secure: DialOptions;
  dial: (from?: string) => Promise<RawClient>;
  dialSecurely: () => Promise<RawClient>;
  /** No process ended, nothing was left unhandled, and a request is still answered. */
  unharmed: () => Promise<void>;
  stop: () => Promise<void>;
};

/** The routes of the rig: every role, all open by plain HTTP, so that bytes can be sent as they are. */
export function openRoutes(upstream: string): string {
  return `
domains: [ota.test, second.test]
upstreams: { main: "${upstream}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check, plainHttp: always }
  - { name: activate, path: /xiaozhi/ota/activate, upstream: main, role: device, plainHttp: always }
  - { name: firmware, path: /xiaozhi/ota/download/, upstream: main, role: firmware, plainHttp: always }
  - { name: voice, path: /xiaozhi/v1/, upstream: main, role: device, plainHttp: always }
  - { name: private, path: /xiaozhi/config/, refuse: true }
  - { name: web, path: /, upstream: main, role: web, plainHttp: always }
`;
}

/** `more` is YAML below the routes; `yaml` stands in place of them all. */
export async function startAttackRig(
  options: { answer?: Answer; more?: string; yaml?: (upstream: string) => string } = {},
): Promise<AttackRig> {
  const upstream = await startRawUpstream(options.answer);
  const yaml = (options.yaml ?? openRoutes)(upstream.origin) + (options.more ?? '');
  const gate = await startGate(yaml).catch(async (error: unknown) => {
    await upstream.stop();
    throw error;
  });
  const before = childrenOf(gate.pid);
  const plain = { port: gate.http, from: '127.0.0.9' };
  const secure = { port: gate.https, ca: gate.root, from: '127.0.0.9' };
  return {
    gate,
    upstream,
    plain,
    secure,
    dial: (from) => dial(from === undefined ? plain : { ...plain, from }),
    dialSecurely: () => dial(secure),
    unharmed: async () => {
      assert.equal(childrenOf(gate.pid), before, 'the gate processes are the same ones');
      const bad = gate.lines.filter(
        ({ event, level }) => level === 'fatal' || ['crash', 'unhandled', 'gate-exit'].includes(event ?? ''),
      );
      assert.deepEqual(bad, []);
      assert.equal(gate.stderr(), '');
      upstream.answer = () => OK;
      const reply = await ask(plain, get('/still-there'));
      assert.equal(reply?.status, 200, 'the gate still serves');
    },
    stop: async () => {
      const startedMs = performance.now();
      await gate.stop();
      await upstream.stop();
      // The drain waits for what runs: at the end of a test that is nothing, or the last words of a WebSocket.
      assert.ok(performance.now() - startedMs < 19_000, 'the gate had to be killed: something in it never ended');
    },
  };
}

/** The processes below one, as the system tells. */
function childrenOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
}

/** A whole GET as a string. `lines` are further header lines. */
export function get(path: string, ...lines: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: ota.test', ...lines, '', ''].join('\r\n');
}

/** A whole request with a body and its length. */
export function post(path: string, body: string, ...lines: string[]): string {
  const head = [`POST ${path} HTTP/1.1`, 'Host: ota.test', `Content-Length: ${Buffer.byteLength(body, 'latin1')}`];
  return `${[...head, ...lines, '', ''].join('\r\n')}${body}`;
}

/** A reply of an upstream, with its length. */
export function replyOf(body: string | Buffer, ...lines: string[]): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const head = ['HTTP/1.1 200 OK', `Content-Length: ${bytes.length}`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}
