// A device's own TLS library at the gate: which chains it takes, and how large the records are that it has to hold.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { callAsDevice, type DeviceView, skip } from '../peers/device-tls.ts';
import { type GateRig, gateFor } from '../rig/gate.ts';
import { BOARD, firmwareOf, fullPreset, javaServer } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody } from '../rig/test-device.ts';
import { requestBytes } from '../rig/wire.ts';
import { issue } from '../tls/issue.ts';

const NAME = 'ota.test';
const firmware = firmwareOf('2.0.1', 400_000);
const image = firmware[BOARD]?.bytes ?? Buffer.alloc(0);

const root = issue({ name: 'Test Root', ca: true });
const middle = issue({ name: 'Test Middle', ca: true, by: root });
const leaf = issue({ name: NAME, hosts: [NAME], by: middle });
const stranger = issue({ name: 'Another Root', ca: true });
const rootCross = issue({ name: root.name, keys: root.keys, ca: true, by: stranger });
const OWN = 'tls: { certificates: [{ cert: chain.pem, key: leaf.key }]';

type Caller = (request: Buffer) => Promise<DeviceView>;

function caller(gate: GateRig, roots: string, more: { name?: string; trust?: 'bundle' | 'roots' } = {}): Caller {
  return (request) => callAsDevice({ port: gate.https, name: NAME, roots, request, ...more });
}

const check = (): Buffer =>
  requestBytes({ path: '/xiaozhi/ota/', host: NAME, headers: CHECK_HEADERS, body: checkBody() });

/** A check, and the download of what it offers: both whole, and no record of either above `recordBytes`. */
async function upgrade(call: Caller, recordBytes: number): Promise<void> {
  const answer = await call(check());
  assert.equal(answer.reply?.status, 200, JSON.stringify(answer));
  assertRecords(answer, recordBytes);
  const offer = (JSON.parse(answer.body.toString()) as { firmware: { url: string } }).firmware;
  const link = new URL(offer.url);
  assert.equal(link.hostname, NAME);

  const download = await call(requestBytes({ path: link.pathname + link.search, host: link.host }));
  assert.equal(download.reply?.status, 200, JSON.stringify({ ...download, body: '' }));
  assert.equal(download.reply.whole, true);
  assert.equal(download.reply.sha256, createHash('sha256').update(image).digest('hex'));
  assertRecords(download, recordBytes);
  assert.ok(download.records.includes(recordBytes), 'records are filled, not cut smaller than need be');
}

function assertRecords(view: DeviceView, recordBytes: number): void {
  assert.ok(view.records.length > 0);
  assert.deepEqual(
    view.records.filter((bytes) => bytes > recordBytes),
    [],
  );
}

test('with the local CA: 4 KB records, and only for those who carry its root', { skip }, async (t) => {
  const gate = await gateFor(t, `domain: ${NAME}\n${fullPreset(await javaServer(t, { firmware }))}`);
  const call = caller(gate, gate.root);
  const { handshake } = await call(check());
  assert.match(handshake?.suite ?? '', /^TLS-ECDHE-RSA-WITH-AES-(128|256)-GCM/);
  assert.equal(handshake?.version, 'TLSv1.2');
  await upgrade(call, 4096);
  await upgrade(caller(gate, gate.root, { trust: 'roots' }), 4096);

  const refused = await caller(gate, stranger.pem)(check());
  assert.equal(refused.failed?.error, '-0x3000');
  assert.equal(refused.reply, undefined);
});

test('with a certificate of its own and an intermediate: 2 KB records where so configured', { skip }, async (t) => {
  const gate = await gateFor(
    t,
    `domain: ${NAME}\n${OWN}, deviceRecordBytes: 2048 }\n${fullPreset(await javaServer(t, { firmware }))}`,
    { files: { 'chain.pem': leaf.pem + middle.pem, 'leaf.key': leaf.keyPem } },
  );
  const call = caller(gate, root.pem);
  const { handshake } = await call(check());
  assert.match(handshake?.suite ?? '', /^TLS-ECDHE-ECDSA-WITH-AES-(128|256)-GCM/);
  await upgrade(call, 2048);

  await t.test('a name that the certificate does not have', async () => {
    const { failed, reply } = await caller(gate, root.pem, { name: 'other.test' })(check());
    assert.equal(failed?.error, '-0x2700');
    assert.deepEqual(failed?.flags, ['wrong name']);
    assert.equal(reply, undefined);
  });

  await t.test('a root that the device does not carry', async () => {
    const before = await caller(gate, stranger.pem)(check());
    assert.equal(before.failed?.error, '-0x3000');
    assert.deepEqual(before.failed?.flags, ['broken off']);
    const since = await caller(gate, stranger.pem, { trust: 'roots' })(check());
    assert.equal(since.failed?.error, '-0x2700');
    assert.deepEqual(since.failed?.flags, ['not trusted']);
  });
});

test('a chain that ends in a cross-sign by a lost root is refused before 2.4.2, and taken since', {
  skip,
}, async (t) => {
  const gate = await gateFor(t, `domain: ${NAME}\n${OWN} }\n${fullPreset(await javaServer(t, { firmware }))}`, {
    files: { 'chain.pem': leaf.pem + middle.pem + rootCross.pem, 'leaf.key': leaf.keyPem },
  });
  const before = await caller(gate, root.pem, { trust: 'bundle' })(check());
  assert.equal(before.failed?.error, '-0x3000');
  const since = await caller(gate, root.pem, { trust: 'roots' })(check());
  assert.equal(since.reply?.status, 200, JSON.stringify(since));
});

test('with an ECDSA and an RSA certificate side by side: the device takes the cheap one, others get theirs', {
  skip,
}, async (t) => {
  const rsa = issue({ name: NAME, hosts: [NAME], by: middle, key: 'rsa2048' });
  const gate = await gateFor(
    t,
    `domain: ${NAME}\ntls: { certificates: [{ cert: chain.pem, key: leaf.key }, { cert: rsa.pem, key: rsa.key }] }\n${fullPreset(await javaServer(t, { firmware }))}`,
    {
      files: {
        'chain.pem': leaf.pem + middle.pem,
        'leaf.key': leaf.keyPem,
        'rsa.pem': rsa.pem + middle.pem,
        'rsa.key': rsa.keyPem,
      },
    },
  );
  const call = caller(gate, root.pem);
  const { handshake } = await call(check());
  assert.match(handshake?.suite ?? '', /^TLS-ECDHE-ECDSA-WITH-AES-(128|256)-GCM/);
  await upgrade(call, 4096);
  const onlyRsa = connect({
    port: gate.https,
    host: '127.0.0.1',
    servername: NAME,
    ca: root.pem,
    ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
    maxVersion: 'TLSv1.2',
  });
  await once(onlyRsa, 'secureConnect');
  assert.equal(onlyRsa.authorized, true);
  onlyRsa.destroy();
});
