// Hostile text in what the admin interface shows: it comes out as JSON that a page can only read, never as markup.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminRig, bearer, json, startAdminRig } from '../rig/admin.ts';
import { DEVICE } from '../rig/admin-stand-ins.ts';
import { until } from '../rig/bounded.ts';
import { dial } from '../rig/raw-client.ts';

const HOSTILE = [
  '</script><script>alert(1)</script>',
  '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  '\ndata: fake\n\nevent: fake',
  '"}],[{"',
  '\u0000\u001b[31m\u2028\u2029\u202e',
  '\ud800',
  '{"__proto__":{"x":1}}',
];

describe('hostile text', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig();
  });
  after(() => rig.stop());

  it('in the log is JSON, and comes back as it was', async () => {
    for (const text of HOSTILE) rig.logRing.add({ level: 'warn', msg: text, [text]: text });
    const { headers, json: lines } = await rig.ask('tcp', '/api/v1/log', bearer(rig.tokens.read));
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const kept = lines as Record<string, string>[];
    assert.equal(kept.length, HOSTILE.length);
    for (const [at, text] of HOSTILE.entries()) {
      const wellFormed = text.toWellFormed();
      assert.equal(kept[at]?.msg?.toWellFormed(), wellFormed);
      assert.equal(Object.keys(kept[at] ?? {}).length, 4);
    }
  });

  it('in the live feed ends no frame and begins none', async () => {
    const client = await dial({ port: rig.port });
    client.send(`GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.tokens.read}\r\n\r\n`);
    await until('its head', () => client.pending().includes('retry:'));
    for (const text of HOSTILE) rig.feed.publish('log', { id: 1, msg: text });
    await until('all', () => client.pending().toString().split('event: log\n').length === HOSTILE.length + 1);
    const text = client.pending().toString();
    assert.doesNotMatch(text, /^event: fake/m);
    for (const [, data = ''] of text.matchAll(/^data: ([^\n]*)\n/gm))
      assert.equal((JSON.parse(data) as { id: number }).id, 1);
    client.leave();
  });

  it('in the name of a device is text in a spreadsheet, one line each', async () => {
    rig.actions.devices.all = () => HOSTILE.map((text) => ({ ...DEVICE, board: `=${text}` }));
    const { text, headers } = await rig.ask('tcp', '/api/v1/devices.csv', bearer(rig.tokens.read));
    assert.match(String(headers['content-type']), /^text\/csv/);
    assert.match(String(headers['content-disposition']), /^attachment/);
    assert.equal(text.match(/^11:22/gm)?.length, HOSTILE.length);
    assert.doesNotMatch(text, /(^|,)"?=/m);
  });

  it('in a request is told back in one line, and never as markup', async () => {
    for (const text of HOSTILE) {
      const path = `/api/v1/devices/${encodeURIComponent(text.toWellFormed())}`;
      for (const told of [
        await rig.ask('tcp', path, bearer(rig.tokens.read)),
        await rig.ask('socket', '/api/v1/openings', json({ route: 'ota', durationMs: 60_000, [text]: text })),
        await rig.ask('socket', '/api/v1/openings', json({ route: 'ota', durationMs: 60_000, from: [text] })),
      ]) {
        assert.ok(told.status === 400 || told.status === 404, told.text);
        assert.equal(told.headers['content-type'], 'application/problem+json');
        const { detail } = told.json as { detail: string };
        assert.doesNotMatch(detail, /[\u0000-\u001f\u2028\u2029\u202e]/);
      }
    }
  });
});
