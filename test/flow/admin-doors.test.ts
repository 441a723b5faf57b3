// The doors of the admin interface, and what each role may do behind them; over real sockets, with stand-ins for the gate.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { GateError } from '../../src/base/errors.ts';
import { type Admin, startAdmin } from '../../src/control/admin/admin.ts';
import { LiveFeed } from '../../src/control/admin/live-feed.ts';
import { LogRing } from '../../src/control/admin/log-ring.ts';
import { Tokens } from '../../src/control/admin/tokens.ts';
import { TrafficSeries } from '../../src/control/admin/traffic-series.ts';
import { type AdminRig, bearer, type DoorName, json, startAdminRig } from '../rig/admin.ts';
import { DEVICE } from '../rig/admin-stand-ins.ts';
import { ask as askRaw } from '../rig/raw-client.ts';

const codeOf = ({ json: body }: { json: unknown }): string => (body as { code: string }).code;

describe('the doors', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig();
  });
  after(() => rig.stop());

  it('on Unix sockets are for this user alone; the public one gives no rights', async () => {
    for (const path of ['admin.sock', 'public-admin.sock'])
      assert.equal(statSync(join(rig.folder, path)).mode & 0o777, 0o600, path);
    assert.equal((await rig.ask('socket', '/api/v1/status')).status, 200);
    assert.equal((await rig.ask('public', '/api/v1/status')).status, 401);
    assert.equal((await rig.ask('tcp', '/api/v1/status')).status, 401);
  });

  it('tell everybody how they are, and nobody else anything', async () => {
    for (const door of ['socket', 'tcp', 'public'] as const) {
      for (const path of ['/healthz', '/readyz']) {
        const { status, json: body } = await rig.ask(door, path);
        assert.deepEqual([status, body], [200, { ok: true }], `${door} ${path}`);
      }
      assert.equal((await rig.ask(door, '/healthz', { method: 'HEAD' })).status, 200);
    }
    for (const door of ['tcp', 'public'] as const) {
      for (const route of rig.admin.routes) {
        const [method = '', pattern = ''] = route.split(' ');
        if (['/healthz', '/readyz', '/api/v1/login'].includes(pattern)) continue;
        const told = await rig.ask(door, pattern.replace(/:\w+/, 'x'), { method: method as 'GET' });
        assert.deepEqual([told.status, codeOf(told)], [401, 'NOT_LOGGED_IN'], `${door} ${route}`);
        assert.equal(told.headers['www-authenticate'], 'Bearer');
        assert.equal(told.headers['content-type'], 'application/problem+json');
      }
    }
  });

  it('let a token to look do that and nothing else, on every route', async () => {
    const before = rig.audit.length;
    for (const route of rig.admin.routes) {
      const [method = '', pattern = ''] = route.split(' ');
      if (['/healthz', '/readyz', '/api/v1/login', '/api/v1/logout', '/api/v1/events'].includes(pattern)) continue;
      // Reads what it is given, and changes nothing.
      if (pattern === '/api/v1/doctor/serial-log') continue;
      const path = pattern.replace(/:(\w+)/, (_, name) => (name === 'device' ? DEVICE.device : 'aaaa'));
      const told = await rig.ask('tcp', path, { method: method as 'GET', ...bearer(rig.tokens.read) });
      if (method === 'GET') assert.equal(told.status, 200, route);
      else assert.deepEqual([told.status, codeOf(told)], [403, 'READ_ONLY'], route);
    }
    assert.equal(rig.audit.length, before);
  });

  it('let the token that may do everything do it, and name who did', async () => {
    const ask = json({ route: 'ota', durationMs: 60_000, from: ['203.0.113.7'] });
    for (const [door, who] of [
      ['socket', 'command line'],
      ['tcp', 'page'],
      ['public', 'page'],
    ] as const) {
      const headers = { ...ask.headers, ...(door === 'socket' ? {} : bearer(rig.tokens.admin).headers) };
      const opened = await rig.ask(door, '/api/v1/openings', { ...ask, headers });
      assert.equal(opened.status, 200, opened.text);
      const [noted] = rig.audit;
      assert.deepEqual([noted?.what, noted?.who], ['opened', who]);
      const { route, durationMs, from, closeAfter } = JSON.parse(noted?.detail ?? '');
      assert.deepEqual([route, durationMs, from], ['ota', 60_000, ['203.0.113.7/32']]);
      assert.deepEqual(closeAfter, { devices: null, idleMs: null });
    }
  });

  it('refuse what fits no schema, with every fault', async () => {
    for (const [path, body, says] of [
      ['/api/v1/openings', { route: 'ota', durationMs: 1, minutes: 3 }, /durationMs.*minutes/],
      ['/api/v1/openings', { route: 'ota', durationMs: 60_000, from: ['203.0.113.7/24'] }, /203\.0\.113\.0\/24/],
      ['/api/v1/openings', { durationMs: 60_000 }, /route/],
      ['/api/v1/openings', [], /object/],
      ['/api/v1/firmware/fetch', { url: 'file:///etc/passwd' }, /url/],
      ['/api/v1/firmware/fetch', {}, /url/],
    ] as const) {
      const told = await rig.ask('socket', path, json(body));
      assert.equal(told.status, 400, told.text);
      assert.match((told.json as { detail: string }).detail, says);
    }
    assert.equal((await rig.ask('socket', '/api/v1/audit?limit=0')).status, 400);
    assert.equal((await rig.ask('socket', '/api/v1/audit?limits=1')).status, 400);
    assert.equal((await rig.ask('socket', '/api/v1/log?limit=2001')).status, 400);
    assert.equal((await rig.ask('socket', '/api/v1/devices?state=broken')).status, 400);
    const unknown = await rig.ask('socket', '/api/v1/devices/nobody');
    assert.deepEqual([unknown.status, codeOf(unknown)], [404, 'DEVICE_UNKNOWN']);
  });

  it('take a body that may be left out in each of its ways', async () => {
    const renewed = ({ text }: { text: string }): unknown => {
      const steps = text.split('\n').filter(Boolean);
      assert.deepEqual(JSON.parse(steps[0] ?? ''), { step: 'ordering' });
      return JSON.parse(steps.at(-1) ?? '').renewed;
    };
    const renew = '/api/v1/certificates/renew';
    assert.deepEqual(renewed(await rig.ask('socket', renew, { method: 'POST' })), []);
    assert.deepEqual(renewed(await rig.ask('socket', renew, { ...json({}), body: '' })), []);
    assert.deepEqual(renewed(await rig.ask('socket', renew, json({ name: null }))), []);
    assert.deepEqual(renewed(await rig.ask('socket', renew, json({ name: 'a.test' }))), ['a.test']);
  });

  it('serve the public one only for what came by https', async () => {
    for (const proto of ['http', 'https, http', '']) {
      const told = await rig.ask('public', '/healthz', { headers: { 'x-forwarded-proto': proto } });
      assert.deepEqual([told.status, codeOf(told)], [403, 'HTTPS_ONLY']);
    }
  });

  it('begin sessions: a cookie that no script can read, and that https alone carries where it came by https', async () => {
    for (const [door, secure] of [
      ['tcp', false],
      ['public', true],
    ] as [DoorName, boolean][]) {
      const { status, json: body, headers } = await rig.ask(door, '/api/v1/login', json({ token: rig.tokens.read }));
      assert.deepEqual([status, body], [200, { role: 'read' }]);
      const cookie = String(headers['set-cookie']);
      assert.match(cookie, /^otagate_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; /);
      assert.match(cookie, /; SameSite=Strict/);
      assert.equal(cookie.includes('; Secure'), secure, cookie);
    }
  });

  it('tell who is asking', async () => {
    const who = async (door: DoorName, headers = {}) => (await rig.ask(door, '/api/v1/session', { headers })).json;
    const version = '0.0.0-test';
    assert.deepEqual(await who('socket'), { role: 'admin', version, csrf: null });
    assert.deepEqual(await who('tcp', bearer(rig.tokens.read).headers), { role: 'read', version, csrf: null });
    const { csrf, cookie } = await rig.login('tcp', rig.tokens.admin);
    assert.match(csrf, /^[\w-]{43}$/);
    assert.deepEqual(await who('tcp', { cookie }), { role: 'admin', version, csrf });
  });

  it('end a session at its logout, for a session to look as well', async () => {
    const [one, other] = [await rig.login('tcp', rig.tokens.read), await rig.login('tcp', rig.tokens.read)];
    const out = await rig.ask('tcp', '/api/v1/logout', { method: 'POST', headers: one.headers });
    assert.equal(out.status, 200);
    assert.match(String(out.headers['set-cookie']), /^otagate_session=; Max-Age=0/);
    assert.equal((await rig.ask('tcp', '/api/v1/status', { headers: one.headers })).status, 401);
    assert.equal((await rig.ask('tcp', '/api/v1/status', { headers: other.headers })).status, 200);
  });

  it('make tokens anew: the old ones and every session are worth nothing then, and no answer holds the new ones', async () => {
    const session = await rig.login('tcp', rig.tokens.admin);
    const rotated = await rig.ask('tcp', '/api/v1/tokens/rotate', { method: 'POST', headers: session.headers });
    assert.equal(rotated.status, 200);
    const { adminFile, readFile } = rotated.json as { adminFile: string; readFile: string };
    assert.equal((await rig.ask('tcp', '/api/v1/status', { headers: session.headers })).status, 401);
    for (const old of [rig.tokens.admin, rig.tokens.read])
      assert.equal(codeOf(await rig.ask('tcp', '/api/v1/status', bearer(old))), 'TOKEN_WRONG');
    rig.tokens = { admin: readFileSync(adminFile, 'utf8').trim(), read: readFileSync(readFile, 'utf8').trim() };
    for (const fresh of [rig.tokens.admin, rig.tokens.read]) {
      assert.equal((await rig.ask('tcp', '/api/v1/status', bearer(fresh))).status, 200);
      assert.ok(!rotated.text.includes(fresh));
    }
    assert.equal(rig.audit[0]?.what, 'token-rotated');
    assert.equal((await rig.ask('socket', '/api/v1/tokens/rotate', { method: 'POST' })).status, 200);
  });
});

describe('faults of the gate', () => {
  it('are told without what is none of the client: no message, no stack; the log has both', async (t) => {
    const failing = (): never => {
      throw new Error('at /secret/place');
    };
    const broken = await startAdminRig({ actions: { status: failing, ready: () => false } });
    t.after(() => broken.stop());
    const told = await broken.ask('socket', '/api/v1/status');
    assert.deepEqual([told.status, codeOf(told)], [500, 'INTERNAL']);
    assert.doesNotMatch(told.text, /secret|\.ts|at /);
    assert.ok(
      broken.lines.some(({ event, err }) => event === 'admin-failed' && JSON.stringify(err).includes('/secret/')),
    );
    const notReady = await broken.ask('tcp', '/readyz');
    assert.deepEqual([notReady.status, notReady.json], [503, { ok: false }]);
    assert.equal((await broken.ask('tcp', '/healthz')).status, 200);
  });
});

describe('listening', () => {
  const start = (rig: AdminRig): Promise<Admin> =>
    startAdmin({
      socketPath: join(rig.folder, 'admin.sock'),
      publicSocketPath: null,
      tcp: [],
      tokens: new Tokens(rig.folder),
      hosts: () => [],
      actions: rig.actions,
      feed: new LiveFeed(),
      logRing: new LogRing(),
      traffic: new TrafficSeries(),
      log: pino({ enabled: false }),
      version: '',
      dashboardFolder: rig.folder,
    });

  it('is refused on a socket that another gate answers on, and takes over one that a crash left behind', async (t) => {
    const rig = await startAdminRig();
    await assert.rejects(start(rig), (error) => error instanceof GateError && error.code === 'LISTEN_FAILED');
    assert.equal((await rig.ask('socket', '/healthz')).status, 200, 'the first one is unharmed');
    await rig.admin.close();
    assert.equal(existsSync(join(rig.folder, 'admin.sock')), false);
    // A process that is killed leaves its socket file behind.
    const listens = `require('node:net').createServer().listen(process.argv[1], () => console.log('here'))`;
    const crashing = spawn(process.execPath, ['-e', listens, join(rig.folder, 'admin.sock')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => crashing.kill('SIGKILL'));
    await once(crashing.stdout, 'data');
    crashing.kill('SIGKILL');
    await once(crashing, 'exit');
    assert.ok(existsSync(join(rig.folder, 'admin.sock')));
    const again = await start(rig);
    assert.equal((await rig.ask('socket', '/healthz')).status, 200);
    await again.close();
    await rig.stop();
  });

  it('changes while the gate runs: new ones come, old ones go, a refused one leaves all as it was', async (t) => {
    const rig = await startAdminRig();
    t.after(() => rig.stop());
    const healthy = async (port: number, host = '127.0.0.1'): Promise<boolean> =>
      (await askRaw({ port, host }, `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`).catch(() => null))?.status ===
      200;
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    t.after(() => new Promise((resolve) => taken.close(resolve)));
    const { port: held } = taken.address() as { port: number };

    await rig.admin.listen([
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.2', port: 0 },
    ]);
    const second = rig.admin.endpoints()[1]?.port ?? 0;
    assert.ok((await healthy(rig.port)) && (await healthy(second, '127.0.0.2')));

    const wide = [{ host: '127.0.0.2', port: second }];
    await rig.admin.listen(wide);
    assert.deepEqual([await healthy(rig.port), await healthy(second, '127.0.0.2')], [false, true]);
    await assert.rejects(
      rig.admin.listen([
        { host: '0.0.0.0', port: second },
        { host: '127.0.0.1', port: held },
      ]),
      {
        code: 'LISTEN_FAILED',
      },
    );
    assert.deepEqual([await healthy(second, '127.0.0.2'), await healthy(second)], [true, false]);
    await rig.admin.listen([{ host: '0.0.0.0', port: second }]);
    assert.deepEqual([await healthy(second, '127.0.0.2'), await healthy(second)], [true, true]);
  });
});
