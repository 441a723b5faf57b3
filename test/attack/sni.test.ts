// Handshakes that are odd or none: a throw inside a callback of the handshake ends the process (CVE-2026-21637).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { type AttackRig, get, startAttackRig } from '../rig/attack-rig.ts';
import { within } from '../rig/bounded.ts';
import { clientHello, type Hello, protocols, record } from '../rig/client-hello.ts';
import { clientOf, dial } from '../rig/raw-client.ts';

const ALERT = 0x15;
const HANDSHAKE = 0x16;

const name = (text: string): Hello => ({ serverName: Buffer.from(text, 'latin1') });

/** Hellos, and the record that may answer them: a handshake, an alert, or nothing but an end. */
const HELLOS: Record<string, Hello> = {
  'our name': name('ota.test'),
  'no name': {},
  'an empty name': name(''),
  'a stranger’s name': name('evil.test'),
  'our name with a dot': name('ota.test.'),
  'our name in capitals': name('OTA.TEST'),
  'a NUL': name('\0'),
  'our name, a NUL, and another': name('ota.test\0.evil.test'),
  'a name of 255 letters': name('a'.repeat(255)),
  'a name of 16,000 letters': name('a'.repeat(16_000)),
  'a name in UTF-8': name(Buffer.from('\u4f60\u597d.test').toString('latin1')),
  'bytes that are no UTF-8': name('\xff\xfe\xc0\x80'),
  'an address': name('127.0.0.1'),
  'an IPv6 address': name('[::1]'),
  'a wildcard': name('*'),
  'a wildcard of ours': name('*.ota.test'),
  'a path': name('../../etc/passwd'),
  'a name that every object has': name('__proto__'),
  'another such name': name('constructor'),
  'a line end': name('ota.test\r\nHost: evil'),
  'an escape': name('\x1b[31m'),
  'an empty list': { serverNameList: Buffer.alloc(0) },
  'two names': { serverNameList: Buffer.from('\0\0\x08ota.test\0\0\x09evil.test', 'latin1') },
  'a name of another type': { serverNameList: Buffer.from('\x07\0\x08ota.test', 'latin1') },
  'a list shorter than it says': { serverNameList: Buffer.from('\0\0\xffota.test', 'latin1') },
  'h2 alone': { ...name('ota.test'), alpn: protocols('h2') },
  'h2 and http/1.1': { ...name('ota.test'), alpn: protocols('h2', 'http/1.1') },
  'a protocol of ACME': { ...name('ota.test'), alpn: protocols('acme-tls/1') },
  'a protocol of ACME for a stranger': { ...name('\0evil'), alpn: protocols('acme-tls/1') },
  'a protocol of ACME without a name': { alpn: protocols('acme-tls/1', 'http/1.1') },
  'a protocol of 255 bytes': { ...name('ota.test'), alpn: protocols('x'.repeat(255)) },
  'a protocol with a NUL': { ...name('ota.test'), alpn: protocols('http/1.1\0', '\0') },
  'an empty protocol': { ...name('ota.test'), alpn: protocols('') },
  'no protocol in the list': { ...name('ota.test'), alpn: protocols() },
  'two thousand protocols': {
    ...name('ota.test'),
    alpn: protocols(...Array.from({ length: 2_000 }, (_, at) => `p${at}`)),
  },
};

const GARBAGE: Record<string, Buffer> = {
  'a plain request': Buffer.from(get('/thing')),
  'a header of the PROXY protocol': Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n'),
  'the same in binary': Buffer.from('0d0a0d0a000d0a515549540a2111000c7f0000017f00000101bb01bb', 'hex'),
  'SSL 2': Buffer.from(`802e0100020015000000100100800200800300800400800500800600400700c0${'00'.repeat(16)}`, 'hex'),
  'a heartbeat that asks for too much': record(Buffer.from('014000', 'hex'), 24),
  'a record of 64 KB that never comes': Buffer.from('160301ffff', 'hex'),
  'an alert': record(Buffer.from('0228', 'hex'), 21),
  'application data': record(Buffer.from('hello'), 23),
  'a hello inside a hello': record(clientHello(name('ota.test'))),
  zeros: Buffer.alloc(4_096),
  noise: Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 7919) % 251)),
};

describe('the port for TLS', () => {
  let rig: AttackRig;
  before(async () => {
    rig = await startAttackRig({ more: 'log: { format: json, level: debug }' });
  });
  after(() => rig.stop());

  it('answers every hello with a handshake, an alert or an end', async () => {
    for (const [what, hello] of Object.entries(HELLOS)) {
      const client = await dial({ port: rig.gate.https });
      client.send(clientHello(hello));
      const first = await client.come(1, 2_000).catch(async () => {
        await client.ended();
        return Buffer.of(0);
      });
      assert.ok([0, ALERT, HANDSHAKE].includes(first[0] ?? 0), `${what}: ${first.toString('hex', 0, 8)}`);
      client.leave();
    }
    await rig.unharmed();
  });

  it('serves clients with a stranger’s name, with an address, and without a name', async () => {
    for (const servername of ['evil.test', '', 'second.test']) {
      const socket = connect({ host: '127.0.0.1', port: rig.gate.https, servername, rejectUnauthorized: false });
      const client = clientOf(socket);
      client.send(get('/thing'));
      assert.equal((await client.reply())?.status, 200, servername);
      client.leave();
    }
  });

  it('takes HTTP/2 and HTTP/1.1, and no other protocol', async () => {
    const agreed = async (ALPNProtocols: string[]): Promise<string | false | null> => {
      const options = {
        host: '127.0.0.1',
        port: rig.gate.https,
        ca: rig.gate.root,
        servername: 'ota.test',
        ALPNProtocols,
      };
      const socket: TLSSocket = connect(options);
      const done = new Promise<string | false | null>((resolve) => {
        socket.once('secureConnect', () => resolve(socket.alpnProtocol));
        socket.once('error', () => resolve('refused'));
      });
      return within('a handshake', done).finally(() => socket.destroy());
    };
    assert.equal(await agreed(['http/1.1', 'h2']), 'h2');
    assert.equal(await agreed(['spdy/3', 'http/1.1']), 'http/1.1');
    assert.equal(await agreed(['acme-tls/1']), 'refused');
    assert.equal(await agreed(['spdy/3', 'x']), 'refused');
  });

  it('ends what is no TLS, at once or after the handshake’s time', async () => {
    for (const [what, bytes] of Object.entries(GARBAGE)) {
      const client = await dial({ port: rig.gate.https });
      client.send(bytes);
      const never = what === 'a record of 64 KB that never comes' || what === 'zeros';
      if (!never) await client.ended(3_000).catch(() => assert.fail(what));
      client.leave();
    }
    await rig.unharmed();
  });

  it('lets no client renegotiate', async () => {
    const socket = connect({
      host: '127.0.0.1',
      port: rig.gate.https,
      ca: rig.gate.root,
      servername: 'ota.test',
      maxVersion: 'TLSv1.2',
    });
    socket.on('error', () => {});
    const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
    await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()));
    let done = 0;
    for (let turn = 0; turn < 3 && !socket.destroyed; turn += 1) {
      const one = new Promise<void>((resolve) => {
        const asked = socket.renegotiate({}, (error) => {
          if (error === null) done += 1;
          resolve();
        });
        if (asked === undefined) resolve();
      });
      await Promise.race([one, closed, sleep(300)]);
    }
    assert.equal(done, 0);
    socket.destroy();
    await rig.unharmed();
  });

  it('the plain port answers TLS with 400, and lives', async () => {
    for (const bytes of [clientHello(name('ota.test')), ...Object.values(GARBAGE).slice(1)]) {
      const client = await dial({ port: rig.gate.http });
      client.send(bytes);
      client.finish();
      const reply = await client.reply();
      if (reply !== null) assert.equal(reply.status, 400);
      client.leave();
    }
    await rig.unharmed();
  });
});
