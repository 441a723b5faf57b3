// A page of another site, open in the operator's browser, tries to act on the admin interface: by forged requests, and by
// a name of its own that it makes resolve to this machine (DNS rebinding).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminRig, bearer, json, startAdminRig } from '../rig/admin.ts';
import { ask as askRaw, codeOf as rawCodeOf } from '../rig/raw-client.ts';

const OPEN = '/api/v1/openings';
const opening = (headers: Record<string, string>) => json({ route: 'ota', durationMs: 60_000 }, headers);
const codeOf = ({ json: body }: { json: unknown }): string => (body as { code: string }).code;

describe('a foreign page', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig();
  });
  after(() => rig.stop());

  it('cannot change a thing with the cookie alone, with the token of another session, or with a wrong one', async () => {
    const [session, other] = [await rig.login('tcp', rig.tokens.admin), await rig.login('tcp', rig.tokens.admin)];
    const before = rig.audit.length;
    for (const csrf of [undefined, '', 'x', other.csrf, session.csrf.slice(1), `${session.csrf},${session.csrf}`]) {
      const headers = { cookie: session.cookie, ...(csrf === undefined ? {} : { 'x-otagate-csrf': csrf }) };
      const told = await rig.ask('tcp', OPEN, opening(headers));
      assert.deepEqual([told.status, codeOf(told)], [403, 'CSRF_TOKEN_WRONG'], String(csrf));
    }
    for (const [path, method] of [
      ['/api/v1/logout', 'POST'],
      ['/api/v1/reload', 'POST'],
      ['/api/v1/tokens/rotate', 'POST'],
      ['/api/v1/firmware/aaaa', 'DELETE'],
      ['/api/v1/openings/ota', 'DELETE'],
    ] as const)
      assert.equal((await rig.ask('tcp', path, { method, headers: { cookie: session.cookie } })).status, 403, path);
    assert.equal(rig.audit.length, before);
    assert.equal((await rig.ask('tcp', OPEN, opening(session.headers))).status, 200);
  });

  it('cannot change or read a thing, even with both, where its browser says where it is from', async () => {
    for (const door of ['tcp', 'public'] as const) {
      const session = await rig.login(door, rig.tokens.admin);
      const own = door === 'tcp' ? `http://127.0.0.1:${rig.port}` : 'https://ota.test';
      for (const foreign of [
        { origin: 'http://evil.test' },
        { origin: 'null' },
        { origin: own.replace(/^https?/, (scheme) => (scheme === 'https' ? 'http' : 'ftp')) },
        { origin: `${own}.evil.test` },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'cross-site', origin: own },
      ]) {
        const headers = { ...session.headers, ...foreign };
        for (const told of [
          await rig.ask(door, OPEN, opening(headers)),
          await rig.ask(door, '/api/v1/status', { headers }),
          await rig.ask(door, '/api/v1/events', { headers }),
        ])
          assert.deepEqual([told.status, codeOf(told)], [403, 'ORIGIN_FOREIGN'], JSON.stringify(foreign));
      }
      const ours = { ...session.headers, origin: own, 'sec-fetch-site': 'same-origin' };
      assert.equal((await rig.ask(door, OPEN, opening(ours))).status, 200);
    }
  });

  it('cannot log the operator in to a session of its own', async () => {
    const foreign = { origin: 'http://evil.test' };
    const told = await rig.ask('tcp', '/api/v1/login', json({ token: rig.tokens.read }, foreign));
    assert.deepEqual([told.status, codeOf(told), told.headers['set-cookie']], [403, 'ORIGIN_FOREIGN', undefined]);
  });

  it('cannot send what a form can send', async () => {
    const session = await rig.login('tcp', rig.tokens.admin);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const body = JSON.stringify({ token: rig.tokens.admin });
      const form = { method: 'POST', headers: { 'content-type': type }, body } as const;
      assert.equal((await rig.ask('tcp', '/api/v1/login', form)).status, 415, type);
      const told = await rig.ask('tcp', OPEN, { ...form, headers: { ...form.headers, ...session.headers } });
      assert.equal(told.status, 415, type);
    }
  });

  it('is given no leave to read by CORS', async () => {
    const told = await rig.ask('tcp', '/api/v1/status', {
      method: 'OPTIONS',
      headers: { origin: 'http://evil.test', 'access-control-request-method': 'GET' },
    });
    assert.ok(told.status >= 400);
    for (const name of Object.keys(told.headers)) assert.doesNotMatch(name, /^access-control/);
  });

  it('cannot ask by a name that it made resolve here, whatever it knows', async () => {
    for (const host of [
      'evil.test',
      `evil.test:${rig.port}`,
      'ota.test.evil.test',
      '0.0.0.0',
      'localhost.evil.test',
      '6.6.6.6',
    ]) {
      for (const path of ['/', '/healthz', '/api/v1/status', '/metrics', '/api/v1/openapi.json', '/gone']) {
        const told = await rig.ask('tcp', path, { headers: { host, ...bearer(rig.tokens.admin).headers } });
        assert.deepEqual([told.status, codeOf(told)], [421, 'HOST_UNKNOWN'], `${host}${path}`);
      }
      const login = await rig.ask('tcp', '/api/v1/login', json({ token: rig.tokens.admin }, { host }));
      assert.equal(login.status, 421);
    }
    for (const host of [`localhost:${rig.port}`, '127.0.0.1', '[::1]:1', 'ota.test', 'a.wild.test'])
      assert.equal((await rig.ask('tcp', '/healthz', { headers: { host } })).status, 200, host);
  });

  it('cannot slip another name past by two of them, by an absolute path, or by a header of a proxy', async () => {
    const status = async (bytes: string): Promise<number | undefined> =>
      (await askRaw({ port: rig.port }, bytes))?.status;
    assert.equal(await status('GET /healthz HTTP/1.1\r\n\r\n'), 400);
    assert.equal(await status('GET /healthz HTTP/1.1\r\nHost: evil.test\r\nHost: localhost\r\n\r\n'), 421);
    assert.equal(await status('GET http://localhost/healthz HTTP/1.1\r\nHost: evil.test\r\n\r\n'), 421);
    const forwarded = 'Host: evil.test\r\nX-Forwarded-Host: localhost\r\nX-Forwarded-Proto: https\r\n';
    assert.equal(await status(`GET /healthz HTTP/1.1\r\n${forwarded}\r\n`), 421);
    const reply = await askRaw({ port: rig.port }, 'GET /healthz HTTP/1.1\r\nHost: evil.test\r\n\r\n');
    assert.equal(rawCodeOf(reply), 'HOST_UNKNOWN');
  });
});

describe('a session', () => {
  it('is no other: made-up, ended and foreign cookies are nobody', async (t) => {
    const [rig, elsewhere] = [await startAdminRig(), await startAdminRig()];
    t.after(() => Promise.all([rig.stop(), elsewhere.stop()]));
    const foreign = await elsewhere.login('tcp', elsewhere.tokens.admin);
    const ended = await rig.login('tcp', rig.tokens.admin);
    await rig.ask('tcp', '/api/v1/logout', { method: 'POST', headers: ended.headers });
    for (const cookie of [
      'otagate_session=',
      'otagate_session=x',
      `otagate_session=${'x'.repeat(5_000)}`,
      'otagate_session=__proto__',
      foreign.cookie,
      ended.cookie,
      ended.cookie.replace('=', '%3D'),
      ended.cookie.toUpperCase(),
    ])
      assert.equal((await rig.ask('tcp', '/api/v1/status', { headers: { cookie } })).status, 401, cookie.slice(0, 40));
  });

  it('of somebody who may look stays that: a wrong token beside it lets nobody in', async (t) => {
    const rig = await startAdminRig();
    t.after(() => rig.stop());
    const session = await rig.login('tcp', rig.tokens.read);
    const told = await rig.ask('tcp', OPEN, opening(session.headers));
    assert.deepEqual([told.status, codeOf(told)], [403, 'READ_ONLY']);
    const both = { ...session.headers, ...bearer('x').headers };
    assert.equal((await rig.ask('tcp', '/api/v1/status', { headers: both })).status, 401);
    for (const authorization of [
      `Basic ${rig.tokens.admin}`,
      rig.tokens.admin,
      `Bearer`,
      `Bearer ${rig.tokens.admin} x`,
    ])
      assert.equal(
        (await rig.ask('tcp', '/api/v1/status', { headers: { authorization } })).status,
        401,
        authorization.slice(0, 8),
      );
    const loose = { authorization: `bearer   ${rig.tokens.read}` };
    assert.equal((await rig.ask('tcp', '/api/v1/status', { headers: loose })).status, 200);
  });
});
