// The doctor's doors of the admin interface: who may have a log read, who may visit, and what is too much.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminRig, bearer, json, startAdminRig } from '../rig/admin.ts';

describe('the doctor’s part of the admin interface', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig();
  });
  after(() => rig.stop());
  const send = (path: string, body: unknown, token: string) =>
    rig.ask('tcp', `/api/v1/doctor/${path}`, json(body, bearer(token).headers));

  it('reads a log for whoever may look, in either language, and for nobody else', async () => {
    const text = 'E Ota: code=32794 <script>alert(1)</script>\u001b[2J\n';
    const read = await send('serial-log', { text, language: 'zh' }, rig.tokens.read);
    assert.equal(read.status, 200);
    const { known, findings } = read.json as {
      known: boolean;
      findings: { code: string; what: string; text: string }[];
    };
    assert.deepEqual([known, findings[0]?.code], [true, 'tls-failed']);
    assert.match(findings[0]?.what ?? '', /握手/);
    assert.doesNotMatch(findings[0]?.text ?? '\u001b', /\u001b/);
    assert.equal((await send('serial-log', { text }, 'no-such-token-at-all-but-long-enough')).status, 401);
    const unknown = await send('serial-log', { text: 'nothing' }, rig.tokens.read);
    assert.equal((unknown.json as { known: boolean }).known, false);
  });

  it('takes 512 KiB of a log, and refuses more', async () => {
    const most = 512 * 1024;
    assert.equal((await send('serial-log', { text: 'x'.repeat(most) }, rig.tokens.read)).status, 200);
    assert.equal((await send('serial-log', { text: 'x'.repeat(most + 1) }, rig.tokens.read)).status, 400);
    assert.equal((await send('serial-log', { text: 'x'.repeat(3 * most) }, rig.tokens.read)).status, 413);
  });

  it('lets nobody have a device kept out, or a report taken, who may only look', async () => {
    for (const path of ['visits', 'report']) assert.equal((await send(path, {}, rig.tokens.read)).status, 403, path);
    const visit = await send('visits', {}, rig.tokens.admin);
    const { mac } = visit.json as { mac: string };
    assert.match(mac, /^02(:[0-9a-f]{2}){5}$/);
    const leave = await rig.ask('tcp', `/api/v1/doctor/visits/${mac}`, {
      method: 'DELETE',
      ...bearer(rig.tokens.admin),
    });
    assert.deepEqual(leave.json, { ended: true });
  });

  it('keeps a report, and refuses one with codes of its own', async () => {
    const run = { targets: [], paste: null, serverVersion: null, findings: [] as object[] };
    const finding = { code: 'reply-none', severity: 'fault', at: 'x', values: { because: 'y' } };
    assert.equal(
      (await send('report', { ...run, findings: [{ ...finding, code: 'made-up' }] }, rig.tokens.admin)).status,
      400,
    );
    assert.equal((await send('report', { ...run, findings: [finding] }, rig.tokens.admin)).status, 200);
    const { json: last } = await rig.ask('tcp', '/api/v1/doctor/report?language=en', bearer(rig.tokens.read));
    const { report } = last as { report: { well: boolean; findings: { what: string }[] } };
    assert.deepEqual([report.well, report.findings[0]?.what], [false, 'the check gets no reply: y']);
  });
});
