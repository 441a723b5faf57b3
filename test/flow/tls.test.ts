// TLS as devices and browsers meet it: versions, suites, record sizes, resumption, and the certificate for each name.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { within } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { hasOpenssl, selfSigned } from '../rig/made-certificate.ts';
import { tapRecords } from '../rig/record-tap.ts';
import { firmwareOf, pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { OUTSIDE } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

const PATH = '/xiaozhi/ota/download/test-board_2.0.1.bin';
const IMAGE_BYTES = 300_000;
// RFC 5288: an explicit nonce of 8 bytes and a tag of 16 go with each record of TLS 1.2.
const GCM_BYTES = 24;

async function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'ota.test', ...options });
  await within('a TLS handshake', once(socket, 'secureConnect'));
  return socket;
}

test('with the local CA', async (t) => {
  const python = await pythonServer(t, { firmware: firmwareOf('2.0.1', IMAGE_BYTES) });
  const preset = serverPreset(python.origin, python.voiceOrigin);
  const gate = await gateFor(t, `domain: ota.test\nworkers: 2\n${preset}`);
  const ca = gate.root;

  await t.test('TLS 1.2 and 1.3', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake(gate.https, { ca, minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
      assert.equal(socket.authorized, true);
      socket.destroy();
    }
  });

  await t.test('TLS 1.1 is refused', async () => {
    const socket = connectTcp(gate.https, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(clientHello(0x0302));
    const [answer] = (await within('an answer', once(socket, 'data'))) as [Buffer];
    assert.equal(answer[0], 21, 'an alert');
    assert.equal(answer[6], 70, 'protocol_version (RFC 5246 section 7.2.2)');
    socket.destroy();
    // The same bytes for 1.2 get a ServerHello: they are not refused for another fault.
    const newer = connectTcp(gate.https, '127.0.0.1');
    newer.on('error', () => {});
    newer.write(clientHello(0x0303));
    const [hello] = (await within('an answer', once(newer, 'data'))) as [Buffer];
    assert.equal(hello[0], 22);
    newer.destroy();
  });

  await t.test("a device's suites", async () => {
    for (const ciphers of ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384']) {
      for (const ecdhCurve of ['P-256', 'X25519', 'P-384']) {
        const socket = await handshake(gate.https, { ca, maxVersion: 'TLSv1.2', ciphers, ecdhCurve });
        assert.equal(socket.getCipher().name, ciphers);
        socket.destroy();
      }
    }
    for (const ciphers of ['ECDHE-RSA-AES128-SHA', 'AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256']) {
      const socket = connect({ host: '127.0.0.1', port: gate.https, ca, maxVersion: 'TLSv1.2', ciphers });
      const [error] = (await once(socket, 'error')) as [Error];
      assert.match(error.message, /handshake failure|SSL alert/i, ciphers);
    }
  });

  await t.test('records to a device are small, those to a browser are not', async (t) => {
    const tap = await tapRecords(t, gate.https);
    const largest = async (tls: ConnectionOptions): Promise<number> => {
      tap.records.length = 0;
      const reply = await ask({ port: tap.port, tls: { ca, ...tls } }, { path: PATH });
      assert.equal(reply.body.length, IMAGE_BYTES);
      return Math.max(...tap.records.filter(({ type }) => type === 23).map(({ bytes }) => bytes));
    };
    const device = await largest({ maxVersion: 'TLSv1.2' });
    assert.ok(device <= 4096 + GCM_BYTES && device > 4096 - 512, `${device} bytes to a device`);
    assert.ok((await largest({ maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })) > 8192, 'TLS 1.2 with ALPN');
    assert.ok((await largest({ minVersion: 'TLSv1.3' })) > 8192, 'TLS 1.3');
    assert.equal(
      (await gate.reload(`domain: ota.test\nworkers: 2\n${preset}\ntls: { deviceRecordBytes: 2048 }`)).code,
      0,
    );
    assert.ok((await largest({ maxVersion: 'TLSv1.2' })) <= 2048 + GCM_BYTES, 'as the configuration says');
  });

  await t.test('a session is resumed on any gate, and after a reload', async () => {
    const first = await handshake(gate.https, { ca, maxVersion: 'TLSv1.2' });
    const session = first.getSession();
    assert.equal(first.isSessionReused(), false);
    first.destroy();
    const resumed = async (): Promise<number> => {
      let count = 0;
      for (let attempt = 0; attempt < 12; attempt += 1) {
        const socket = await handshake(gate.https, { ca, maxVersion: 'TLSv1.2', session });
        if (socket.isSessionReused()) count += 1;
        socket.destroy();
      }
      return count;
    };
    assert.equal(await resumed(), 12, 'twelve connections, spread over two gates by the kernel');
    assert.equal(
      (await gate.reload(`domain: ota.test\nworkers: 2\n${preset}\nlog: { format: json, level: warn }`)).code,
      0,
    );
    assert.equal(await resumed(), 12, 'after a reload');
  });
});

const openssl = hasOpenssl() ? false : 'there is no `openssl` to make a certificate with P-256';

test('certificates of our own', { skip: openssl }, async (t) => {
  const python = await pythonServer(t, { firmware: firmwareOf('2.0.1', 40_000) });
  const [main, other] = [selfSigned('ota.test', 'P-256'), selfSigned('other.test', 'RSA-2048')];
  const gate = await gateFor(
    t,
    `domains: [ota.test, other.test, third.test]
tls: { certificates: [{ cert: main.pem, key: main.key }, { cert: other.pem, key: other.key }] }
${serverPreset(python.origin)}`,
    { files: { 'main.pem': main.cert, 'main.key': main.key, 'other.pem': other.cert, 'other.key': other.key } },
  );
  const leafFor = async (options: ConnectionOptions): Promise<X509Certificate> => {
    const socket = await handshake(gate.https, { rejectUnauthorized: false, ...options });
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    return new X509Certificate(raw);
  };

  await t.test("a device's ECDSA suites", async () => {
    for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']) {
      const tls = { ca: main.cert, maxVersion: 'TLSv1.2', ciphers, ecdhCurve: 'P-256' } as const;
      assert.equal((await ask({ port: gate.https, from: OUTSIDE, tls }, { path: PATH })).status, 200, ciphers);
    }
  });

  await t.test('each name gets its own; no name, or an unknown one, the first', async () => {
    const expected: [ConnectionOptions, subject: string][] = [
      [{ servername: 'ota.test' }, 'CN=ota.test'],
      [{ servername: 'OTHER.test' }, 'CN=other.test'],
      [{ servername: 'third.test' }, 'CN=third.test'],
      [{ servername: 'unknown.test' }, 'CN=ota.test'],
      [{ servername: '' }, 'CN=ota.test'],
    ];
    for (const [options, subject] of expected) {
      assert.equal((await leafFor(options)).subject, subject, JSON.stringify(options));
    }
    assert.equal(new X509Certificate(main.cert).raw.equals((await leafFor({})).raw), true);
    const local = await handshake(gate.https, { ca: gate.root, servername: 'third.test' });
    assert.equal(local.authorized, true, 'the local CA signs for the name without a certificate');
    local.destroy();
  });
});

/** A ClientHello for this version and no other, with one suite that devices use and the extensions that it needs. */
function clientHello(version: number): Buffer {
  const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
  const sized = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
  const extension = (type: number, body: Buffer): Buffer => Buffer.concat([u16(type), sized(body)]);
  const extensions = Buffer.concat([
    extension(10, sized(Buffer.from([0, 23, 0, 29]))),
    extension(11, Buffer.from([1, 0])),
    extension(13, sized(Buffer.from([4, 1, 8, 4, 4, 3]))),
  ]);
  const body = Buffer.concat([
    u16(version),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    sized(Buffer.from([0xc0, 0x2f, 0xc0, 0x13])),
    Buffer.from([1, 0]),
    sized(extensions),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), sized(body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), sized(message)]);
}
