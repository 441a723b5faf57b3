// The admin interface of a gate that runs: what a browser does on TCP is what the command line sees on the socket.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { request } from 'undici';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { type GateRig, gateFor, startGate } from '../rig/gate.ts';
import { dial } from '../rig/raw-client.ts';
import { fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, LAN, OUTSIDE, otaUrl } from '../rig/test-device.ts';

const LISTEN = (admin: string): string => `listen: { http: "127.0.0.1:0", https: "127.0.0.1:0", admin: "${admin}" }`;

describe('the admin interface of a gate', () => {
  let gate: GateRig;
  let at: URL;
  let yaml: string;
  const ending: (() => unknown)[] = [];
  before(async () => {
    const java = await javaServer({ after: (end: () => unknown) => void ending.push(end) } as Parameters<
      typeof javaServer
    >[0]);
    yaml = `domain: ota.test\n${fullPreset(java)}`;
    gate = await startGate(`${LISTEN('127.0.0.1:0')}\n${yaml}`);
    at = new URL(String((await gate.line(({ event }) => event === 'admin')).at));
  });
  after(async () => {
    await gate.stop();
    for (const end of ending.reverse()) await end();
  });
  const token = (name: 'admin' | 'admin-read'): string =>
    readFileSync(join(gate.folder, 'state', `${name}.token`), 'utf8').trim();
  const ask = async (
    path: string,
    method: 'GET' | 'POST' | 'DELETE' = 'GET',
    body?: unknown,
    role: 'admin' | 'admin-read' = 'admin',
  ) => {
    const bytes = Buffer.isBuffer(body);
    const type = bytes ? 'application/octet-stream' : 'application/json';
    const response = await request(new URL(path, at), {
      method,
      headers: { authorization: `Bearer ${token(role)}`, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: bytes ? body : JSON.stringify(body) }),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      bytes: Buffer.from(await response.body.arrayBuffer()),
    };
  };
  const read = async <T>(path: string): Promise<T> => JSON.parse((await ask(path)).bytes.toString()) as T;

  it('keeps its sockets and tokens to this user', () => {
    for (const name of ['admin.sock', 'public-admin.sock', 'admin.token', 'admin-read.token'])
      assert.equal(statSync(join(gate.folder, 'state', name)).mode & 0o777, 0o600, name);
  });

  it('tells machines how it is', async () => {
    for (const path of ['/healthz', '/readyz']) assert.equal((await request(new URL(path, at))).statusCode, 200);
    const metrics = await ask('/metrics', 'GET', undefined, 'admin-read');
    assert.match(metrics.bytes.toString(), /^otagate_gates 1$/m);
    assert.equal((await request(new URL('/metrics', at))).statusCode, 401);
  });

  it('opens and closes as the command line does, and the audit tells who did', async () => {
    const opened = await ask('/api/v1/openings', 'POST', { route: 'ota', durationMs: 60_000, reason: 'from the page' });
    assert.equal(opened.status, 200, opened.bytes.toString());
    assert.equal((await deviceOf(gate, OUTSIDE).check(otaUrl(gate, 'http'))).outcome === 'failed', false);
    assert.match((await gate.command('openings')).stdout, /from the page/);
    assert.equal((await gate.command('close', 'ota')).code, 0);
    const audit = await read<{ what: string; who: string; id: number }[]>('/api/v1/audit');
    const told = audit.map(({ what, who }) => `${what} by ${who}`);
    assert.ok(told.indexOf('closed by command line') < told.indexOf('opened by page'), told.join(', '));
    assert.ok(told.includes('opened by page'));
    const older = await read<{ id: number }[]>(`/api/v1/audit?limit=1&before=${audit[0]?.id}`);
    assert.deepEqual(older, audit.slice(1, 2));
    const refused = await ask('/api/v1/openings', 'POST', { route: 'voice', durationMs: 60_000 });
    assert.equal(refused.status, 409);
  });

  it('shows a device that upgrades, as it happens and afterwards', async () => {
    const client = await dial({ port: Number(at.port) });
    client.send(
      `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token('admin-read')}\r\n\r\n`,
    );
    await until('its head', () => client.pending().includes('retry:'));
    assert.equal((await deviceOf(gate, LAN).upgrade(otaUrl(gate, 'http'))).outcome, 'upgraded');
    await until('its row', () => /^event: device$/m.test(client.pending().toString()));
    await until('the access lines', () => /^event: log\ndata: .*"event":"request"/m.test(client.pending().toString()));
    client.leave();
    const { total, devices } = await read<{ total: number; devices: { device: string }[] }>('/api/v1/devices');
    assert.ok(total >= 1);
    const one = await read<{ events: unknown[] }>(`/api/v1/devices/${encodeURIComponent(devices[0]?.device ?? '')}`);
    assert.ok(one.events.length > 0);
    const log = await read<{ event: string; id: number }[]>('/api/v1/log');
    assert.ok(log.some(({ event }) => event === 'request') && log.every(({ id }) => id > 0));
    assert.match((await ask('/api/v1/devices.csv')).bytes.toString(), /^device,board,/);
    const lines = (await ask('/api/v1/device-events.jsonl')).bytes.toString().trimEnd().split('\n');
    const told = lines.map((line) => JSON.parse(line) as { device: string });
    assert.ok(told.length >= one.events.length && told.some(({ device }) => device === devices[0]?.device));
    const name = encodeURIComponent(devices[0]?.device ?? '');
    assert.match(
      (await ask(`/api/v1/device-events.csv?device=${name}`)).bytes.toString(),
      /^device,at,event,detail\r\n./,
    );
    assert.equal((await ask('/api/v1/device-events.csv?device=nobody')).status, 404);
  });

  it('takes an image, gives it back byte for byte, and removes it', async () => {
    const image = buildImage({ version: '9.9.9', size: 1_500_000, seed: 'by the page' });
    const sha256 = createHash('sha256').update(image).digest('hex');
    const added = await ask('/api/v1/firmware?fileName=board_9.9.9.bin', 'POST', image);
    assert.equal(added.status, 200, added.bytes.toString());
    const { images } = await read<{ images: { sha256: string }[] }>('/api/v1/firmware');
    assert.ok(images.some((one) => one.sha256 === sha256));
    const content = await ask(`/api/v1/firmware/${sha256.slice(0, 12)}/content`);
    assert.ok(content.bytes.equals(image));
    assert.equal(content.headers['content-length'], String(image.length));
    const verified = await ask('/api/v1/firmware/verify', 'POST', { id: sha256 });
    assert.match(verified.bytes.toString(), /^\{"step":"well",.*\}\n$/);
    const bad = await ask(
      '/api/v1/firmware?fileName=bad.bin',
      'POST',
      buildImage({ version: '9.9.8', size: 1_500_000, fault: 'flipped-bit' }),
    );
    assert.ok(bad.status >= 400 && bad.status < 600);
    assert.equal((await ask(`/api/v1/firmware/${sha256}`, 'DELETE')).status, 200);
    assert.equal((await ask(`/api/v1/firmware/${sha256}/content`)).status, 404);
  });

  it('takes a thousand wrong logins at once without the devices noticing', async (t) => {
    const checkMs = async (): Promise<number> => {
      const startedMs = performance.now();
      const check = await deviceOf(gate, LAN).check(otaUrl(gate, 'http'));
      assert.equal(check.outcome, 'update', JSON.stringify(check));
      return performance.now() - startedMs;
    };
    const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
    const quiet: number[] = [];
    for (let nth = 0; nth < 20; nth += 1) quiet.push(await checkMs());
    let left = 1_000;
    const statuses: number[] = [];
    const guesser = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const { statusCode, body } = await request(new URL('/api/v1/login', at), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token: `wrong ${left}` }),
        });
        await body.dump();
        statuses.push(statusCode);
      }
    };
    const guessing = Promise.all(Array.from({ length: 20 }, guesser));
    const beside: number[] = [];
    while (left > 0) beside.push(await checkMs());
    await guessing;
    assert.deepEqual([statuses.length, statuses.filter((status) => ![401, 429].includes(status))], [1_000, []]);
    const [alone, together] = [median(quiet), median(beside)];
    t.diagnostic(`a check: ${alone.toFixed(1)} ms alone, ${together.toFixed(1)} ms beside them`);
    // The guesses are made by this very process, and cost it the same CPUs: what is shut out is a wait, not a share.
    assert.ok(together < alone * 20 + 200, `${alone} ms became ${together} ms`);
  });

  it('moves with the configuration, and goes where it is left out', async () => {
    const { host } = at;
    const second = await gate.reload(`${LISTEN('127.0.0.2:0')}\n${yaml}`);
    assert.equal(second.code, 0, second.stderr);
    await assert.rejects(request(`http://${host}/healthz`));
    assert.equal((await gate.reload(`listen: { http: "127.0.0.1:0", https: "127.0.0.1:0" }\n${yaml}`)).code, 0);
    assert.equal((await gate.command('status')).code, 0);
  });
});

describe('a gate without listen.admin', () => {
  it('has the sockets alone, and leaves none behind', async (t) => {
    const gate = await gateFor(t, `domain: ota.test\n${fullPreset(await javaServer(t))}`);
    assert.equal(
      gate.lines.some(({ event }) => event === 'admin'),
      false,
    );
    const socket = join(gate.folder, 'state/admin.sock');
    assert.ok(existsSync(socket));
    gate.kill('SIGTERM');
    await gate.exited;
    assert.equal(existsSync(socket), false);
  });
});
