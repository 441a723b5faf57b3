// What the doctor makes of the facts of a run: tables for what no loopback shows, and words for every code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Opening, Place, Reply, RunFacts, Target, TargetFacts } from '../../src/doctor/facts.ts';
import type { DoctorCode } from '../../src/doctor/judge/code.ts';
import { judgeRun } from '../../src/doctor/judge/judge.ts';
import { readServerFlight } from '../../src/doctor/probe/server-flight.ts';
import { reportOf, tellFinding } from '../../src/doctor/report.ts';
import { doctorWords } from '../../src/doctor/words.ts';
import { doctorWordsZh } from '../../src/doctor/words-zh.ts';
import { espBundle } from '../../src/tls/esp-bundle.ts';
import { issue } from '../tls/issue.ts';

const AGAINST = { bundle: espBundle(), nowMs: Date.now() };
const OPEN: Opening = { opened: 'yes' };
const ROOT = issue({ name: 'Local root', ca: true });
const LOCAL = issue({ name: 'gate', by: ROOT, hosts: ['ota.example.com'] });

function at(address: string, instead: { failed: string; because: string } | null = null): Place {
  return { place: 'known', address, instead };
}

function target(scheme: 'http' | 'https', role: Target['role'] = 'main', host = 'ota.example.com'): Target {
  const port = scheme === 'https' ? 443 : 80;
  return {
    url: `${scheme}://${host}/xiaozhi/ota/`,
    at: { secure: port === 443, host, port, path: '/xiaozhi/ota/' },
    role,
  };
}

function reply(body: object, status = 200): Reply {
  const text = Buffer.from(JSON.stringify(body));
  return { status, headers: [['Content-Length', String(text.length)]], body: text, largestRecord: 0 };
}

function seen(change: Partial<TargetFacts>): TargetFacts {
  return {
    target: target('http'),
    place: at('203.0.113.7'),
    opening: OPEN,
    handshake: null,
    check: { asked: 'replied', reply: reply({ server_time: {}, websocket: { url: '' } }) },
    devices: [],
    firmware: null,
    voice: null,
    mqtt: { endpoint: 'x:1883', host: 'x', port: 1883, place: at('203.0.113.7'), opening: OPEN, handshake: null },
    console: [],
    ...change,
  };
}

function run(targets: TargetFacts[], more: Partial<RunFacts> = {}): RunFacts {
  return { targets, serverVersion: null, localRoot: null, ...more };
}

/** Faults and warnings, without what is about the stand-in for MQTT. */
function grave(facts: RunFacts): string[] {
  return judgeRun(facts, AGAINST)
    .filter(({ severity, values }) => severity !== 'note' && values.field !== 'mqtt.endpoint')
    .map(({ code, severity }) => `${severity} ${code}`);
}

test('a name that leads elsewhere from inside is told apart from a port on which nobody listens', () => {
  const silent: Opening = { opened: 'no', at: 'silent', because: 'no connection within 10 s' };
  const none = { check: null, mqtt: null };
  const inner = at('127.0.0.1', { failed: '203.0.113.7', because: 'no connection within 10 s' });
  assert.deepEqual(grave(run([seen({ place: inner })])), ['fault hairpin']);
  assert.deepEqual(grave(run([seen({ opening: silent, ...none })])), ['fault port-silent']);
  const refused: Opening = { opened: 'no', at: 'refused', because: 'ECONNREFUSED' };
  assert.deepEqual(grave(run([seen({ opening: refused, ...none })])), ['fault port-closed']);
  const unknown: Place = { place: 'unknown', because: 'it has an IPv6 address alone', ipv6: true };
  assert.deepEqual(grave(run([seen({ place: unknown, opening: null, ...none })])), ['fault dns-ipv6-only']);
});

/** Where an address of the reply leads, and where the target is; whether devices at the target can be there. */
const ADDRESSES: readonly (readonly [host: string, from: string, inner: boolean])[] = [
  ['192.168.1.5', '203.0.113.7', true],
  ['10.0.0.5', '203.0.113.7', true],
  ['127.0.0.1', '203.0.113.7', true],
  ['127.0.0.1', '192.168.1.10', true],
  ['172.18.0.5', '192.168.1.10', true],
  ['172.18.0.5', '127.0.0.1', true],
  ['xiaozhi-server', '192.168.1.10', true],
  ['host.docker.internal', '192.168.1.10', true],
  ['172.18.0.5', '172.18.0.9', false],
  ['192.168.1.5', '192.168.1.10', false],
  ['192.168.1.5', '127.0.0.1', false],
  ['198.51.100.4', '203.0.113.7', false],
  ['files.example.com', '203.0.113.7', false],
];

for (const [host, from, inner] of ADDRESSES) {
  test(`${host} is ${inner ? '' : 'not '}out of reach for devices at ${from}`, () => {
    const place: Place =
      host === 'files.example.com' ? at('198.51.100.5') : at(/^\d/.test(host) ? host : from === '' ? '' : '172.18.0.5');
    const firmware = {
      url: `http://${host}/a.bin`,
      version: '2.0.0',
      place,
      opening: OPEN,
      handshake: null,
      look: 'one-time',
      download: null,
    } as const;
    const found = grave(run([seen({ place: at(from), firmware, mqtt: null, voice: null })])).filter(
      (one) => !one.includes('voice-none'),
    );
    assert.deepEqual(found, inner ? ['fault address-inner'] : []);
  });
}

test('a chain of the local CA is a warning, and a bare LAN address by https a note; others are faults', () => {
  const handshake = { chainPem: LOCAL.pem, bytes: 1_000 };
  const secure = seen({ target: target('https'), handshake, mqtt: null, voice: null });
  const codes = (facts: RunFacts): string[] => grave(facts).filter((one) => !one.endsWith('voice-none'));
  assert.deepEqual(codes(run([secure], { localRoot: ROOT.pem })), ['warning local-ca']);
  assert.deepEqual(codes(run([secure], { localRoot: null })), ['fault issuer-unknown']);
  assert.deepEqual(codes(run([secure], { localRoot: issue({ name: 'Local root', ca: true }).pem })), [
    'fault issuer-unknown',
  ]);
  const lan = { ...secure, target: target('https', 'lan', '192.168.1.10'), place: at('192.168.1.10') };
  assert.deepEqual(codes(run([lan], { localRoot: ROOT.pem })), ['warning local-ca']);
  assert.ok(
    judgeRun(run([lan]), AGAINST).some(({ code, severity }) => code === 'address-not-named' && severity === 'note'),
  );
});

test('a server that cannot store an https address is told of where there is one', () => {
  const of = (version: string, scheme: 'http' | 'https' = 'https'): string[] =>
    grave(run([seen({ target: target(scheme) })], { serverVersion: version }));
  for (const old of ['0.3.10', '0.1.4', 'v0.3.9', '0.3'])
    assert.deepEqual(of(old), ['warning mqtt-plain', 'warning server-old'], old);
  for (const good of ['0.3.11', '0.4.0', '1.0.0', '0.9.6']) assert.deepEqual(of(good), ['warning mqtt-plain'], good);
  assert.deepEqual(of('0.3.10', 'http'), []);
});

test('plain HTTP that the gate turned away is no fault; a redirect is', () => {
  const closed = seen({ check: { asked: 'replied', reply: reply({}, 426) } });
  assert.deepEqual(grave(run([closed])), []);
  for (const status of [301, 302, 307, 308]) {
    const redirected = seen({ check: { asked: 'replied', reply: reply({}, status) } });
    assert.deepEqual(grave(run([redirected])), ['fault reply-redirect']);
  }
});

test('a device that fails where nothing else is wrong is told with its code; elsewhere the cause stands alone', () => {
  const failed = { outcome: 'failed', code: -1, because: 'no header', tries: 1 } as const;
  const devices = [{ generation: 'modem', version: '1.5.0', outcome: failed } as const];
  assert.deepEqual(grave(run([seen({ devices })])), ['fault device-failed']);
  const refused = reply({ success: false, message: 'request error.' });
  assert.deepEqual(grave(run([seen({ devices, check: { asked: 'replied', reply: refused } })])), [
    'fault reply-refused',
  ]);
});

test('the console gets the address whose checks went well, by https first; else what it should be', () => {
  const well = (url: string, voice: string) => [
    { what: 'server.ota' as const, url, well: true, because: '' },
    { what: 'server.websocket' as const, url: voice, well: true, because: '' },
  ];
  const voiceAt = (url: string) => ({ url, place: null, opening: null, handshake: null, hello: null });
  const plain = seen({
    console: well('http://ota.example.com/xiaozhi/ota/', 'ws://ota.example.com/v/'),
    voice: voiceAt('ws://ota.example.com/v/'),
  });
  const secure = {
    ...plain,
    target: target('https'),
    console: [{ what: 'server.ota' as const, url: '', well: false, because: 'x' }],
  };
  const paste = (targets: TargetFacts[]) => reportOf(run(targets), [], 'en').paste;
  assert.deepEqual(paste([secure, plain]), {
    serverOta: 'http://ota.example.com/xiaozhi/ota/',
    serverWebsocket: 'ws://ota.example.com/v/',
    proved: true,
  });
  assert.deepEqual(paste([secure]), {
    serverOta: 'https://ota.example.com/xiaozhi/ota/',
    serverWebsocket: 'wss://ota.example.com/xiaozhi/v1/',
    proved: false,
  });
  assert.equal(paste([seen({ check: null })]), null);
});

test('every code has three sentences in both languages, and what came from outside is made printable in them', () => {
  const values = Object.fromEntries(
    [
      'what',
      'why',
      'remedy',
      'field',
      'because',
      'host',
      'address',
      'url',
      'status',
      'location',
      'name',
      'port',
      'version',
      'promised',
      'image',
      'begins',
      'said',
      'bytes',
      'seconds',
      'generation',
      'code',
    ].map((name) => [name, `some ${name}\u001b[2J`]),
  );
  const codes = Object.keys(doctorWords) as DoctorCode[];
  assert.deepEqual(Object.keys(doctorWordsZh).sort(), codes.toSorted());
  for (const code of codes) {
    for (const language of ['en', 'zh'] as const) {
      const { what, why, remedy } = tellFinding({ code, severity: 'fault', at: '', values }, language);
      for (const sentence of [what, why, remedy]) {
        assert.doesNotMatch(sentence, /[\u0000-\u001f]|undefined|null|^\s*$/, `${code} ${language}`);
        if (language === 'zh') assert.match(sentence, /\p{Script=Han}/u, code);
      }
    }
  }
});

test('bytes that are no TLS, or break off anywhere, are read as far as they go', () => {
  const certificate = Buffer.from(LOCAL.pem.replace(/-----.*-----|\n/g, ''), 'base64');
  const three = (value: number): Buffer => Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
  const list = Buffer.concat([three(certificate.length), certificate]);
  const message = Buffer.concat([Buffer.from([11]), three(list.length + 3), three(list.length), list]);
  const record = (type: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 0xff]), content]);
  const handshake = Buffer.concat([record(22, message), record(20, Buffer.from([1])), record(22, Buffer.alloc(40))]);
  const flight = Buffer.concat([handshake, record(23, Buffer.alloc(4_120)), record(23, Buffer.alloc(124))]);
  const read = readServerFlight(flight);
  assert.deepEqual(
    [read.certificates, read.handshakeBytes, read.largestRecord],
    [[certificate], handshake.length, 4_096],
  );
  for (let end = 0; end < flight.length; end += 7) readServerFlight(flight.subarray(0, end));
  const none = { certificates: [], handshakeBytes: 0, largestRecord: 0 };
  assert.deepEqual(readServerFlight(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), none);
});
