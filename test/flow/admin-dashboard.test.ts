// The dashboard's files: served to everybody, with headers that keep a page of ours from doing what it was not made for.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type AdminRig, builtDashboard, startAdminRig } from '../rig/admin.ts';
import { ask as askRaw } from '../rig/raw-client.ts';

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

describe('the dashboard', () => {
  let rig: AdminRig;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'otagate-dashboard-'));
    builtDashboard(folder);
    writeFileSync(join(folder, '.hidden'), 'hidden');
    rig = await startAdminRig({ dashboardFolder: folder });
  });
  after(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is its index.html for every path that is none of the API, without a token', async () => {
    for (const door of ['tcp', 'public'] as const) {
      for (const path of ['/', '/index.html', '/devices', '/devices/11:22:33:44:55:66', '/a/b?c=d']) {
        const { status, headers, text } = await rig.ask(door, path);
        assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8'], path);
        assert.match(text, /the dashboard/);
        assert.equal(headers['cache-control'], 'no-cache');
      }
    }
    assert.equal((await rig.ask('tcp', '/devices', { method: 'HEAD' })).status, 200);
  });

  it('has files that may be kept for ever, and those that are not there are not there', async () => {
    const script = await rig.ask('tcp', '/assets/app-1a2b.js');
    assert.deepEqual([script.status, script.text], [200, 'document.title']);
    assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(String(script.headers['content-type']), /^(text|application)\/javascript/);
    assert.equal((await rig.ask('tcp', '/assets/gone-3c4d.js')).status, 404);
    assert.equal((await rig.ask('tcp', '/api/v1/gone')).status, 404);
    assert.equal((await rig.ask('tcp', '/devices', { method: 'POST' })).status, 404);
  });

  it('shows nothing beside its folder', async () => {
    writeFileSync(join(rig.folder, 'beside.txt'), 'beside');
    symlinkSync(rig.folder, join(folder, 'link'));
    const beside = `/..${join(rig.folder, 'beside.txt').slice(tmpdir().length)}`;
    for (const path of [
      beside,
      beside.replaceAll('..', '%2e%2e'),
      beside.replaceAll('/', '%2f'),
      `/assets${beside}`,
      '/.hidden',
      '//etc/passwd',
    ]) {
      const reply = await askRaw({ port: rig.port }, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      assert.doesNotMatch(reply?.text ?? '', /beside|hidden|root:/, path);
    }
  });

  it('and all that the interface answers has the headers that guard it, errors too', async () => {
    for (const path of [
      '/',
      '/assets/app-1a2b.js',
      '/healthz',
      '/api/v1/status',
      '/api/v1/gone',
      '/%zz',
      '/assets/gone',
    ]) {
      const { headers } = await rig.ask('tcp', path);
      assert.equal(headers['content-security-policy'], CSP, path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
      assert.equal(headers['referrer-policy'], 'no-referrer', path);
      assert.equal(headers['access-control-allow-origin'], undefined, path);
      if (path.startsWith('/api/')) assert.equal(headers['cache-control'], 'no-store', path);
    }
    const garbage = await askRaw({ port: rig.port }, 'this is no request\r\n\r\n');
    assert.deepEqual([garbage?.status, garbage?.header('content-security-policy')], [400, CSP]);
  });

  it('is a page that says how to build it, where it was not built', async (t) => {
    const bare = await startAdminRig();
    t.after(() => bare.stop());
    const { status, headers, text } = await bare.ask('tcp', '/');
    assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8']);
    assert.match(text, /npm run build/);
    assert.equal((await bare.ask('socket', '/api/v1/status')).status, 200);
  });
});
