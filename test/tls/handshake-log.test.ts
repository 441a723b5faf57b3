// Tests how failed handshakes are told: few lines, the rest counted, and nothing that grows with the number of clients.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { type HandshakeLimits, HandshakeLog, networkOf } from '../../src/tls/handshake-log.ts';

type Line = { level: number; event: string; msg: string } & Record<string, unknown>;

function logFor(t: TestContext, limits: Partial<HandshakeLimits> = {}, level = 'info') {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const lines: Line[] = [];
  const log = pino({ level }, { write: (text: string) => void lines.push(JSON.parse(text) as Line) });
  return { handshakes: new HandshakeLog(log, limits), lines };
}

function coded(code: string): Error {
  return Object.assign(new Error('failed'), { code });
}

const UNKNOWN = coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA');
const NAME = coded('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE');
const PLAIN = coded('ERR_SSL_HTTP_REQUEST');
const RESET = coded('ECONNRESET');

test('a line names the client, the reason, the code, and the next step', (t) => {
  const { handshakes, lines } = logFor(t);
  handshakes.failed(UNKNOWN, '::ffff:192.0.2.7');
  const [line] = lines;
  assert.equal(line?.event, 'handshake-failed');
  assert.equal(line.client, '192.0.2.7');
  assert.equal(line.reason, 'unknown-ca');
  assert.equal(line.code, 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA');
  assert.equal(line.level, 40);
  assert.match(String(line.hint), /root/);
  assert.match(line.msg, /^TLS handshake failed: the client does not know our issuer/);
});

test('one reason from one network is told so often a minute; another reason or network is told still', (t) => {
  const { handshakes, lines } = logFor(t, { perPeer: 2 });
  for (let last = 1; last < 50; last++) handshakes.failed(UNKNOWN, `192.0.2.${last}`);
  assert.equal(lines.length, 2);
  handshakes.failed(NAME, '192.0.2.1');
  handshakes.failed(UNKNOWN, '198.51.100.1');
  assert.deepEqual(
    lines.map(({ client, reason }) => `${client} ${reason}`),
    ['192.0.2.1 unknown-ca', '192.0.2.2 unknown-ca', '192.0.2.1 bad-certificate', '198.51.100.1 unknown-ca'],
  );
  t.mock.timers.tick(60_000);
  handshakes.failed(UNKNOWN, '192.0.2.3');
  assert.equal(lines.at(-1)?.client, '192.0.2.3', 'a minute later it is told again');
});

test('many networks together write so many lines a minute, then a summary, then anew', (t) => {
  const { handshakes, lines } = logFor(t, { perMinute: 10 });
  for (let net = 0; net < 200; net++) handshakes.failed(net % 4 ? UNKNOWN : PLAIN, `10.0.${net}.1`);
  assert.equal(lines.length, 10);
  t.mock.timers.tick(59_999);
  assert.equal(lines.length, 10);
  t.mock.timers.tick(1);
  const summary = lines.at(-1);
  assert.equal(lines.length, 11);
  assert.equal(summary?.event, 'handshakes-left-out');
  assert.equal(summary.count, 190);
  assert.equal(summary.reasons, 'unknown-ca 143, http-request 47');
  handshakes.failed(UNKNOWN, '10.0.0.1');
  assert.equal(lines.length, 12);
  t.mock.timers.tick(60_000);
  assert.equal(lines.length, 12, 'no summary where nothing was left out');
});

test('what the log does not show takes no line away from what it does', (t) => {
  const { handshakes, lines } = logFor(t, { perMinute: 3 });
  for (let net = 0; net < 100; net++) handshakes.failed(RESET, `10.0.${net}.1`);
  assert.deepEqual(lines, []);
  handshakes.failed(UNKNOWN, '192.0.2.1');
  assert.equal(lines.length, 1);
  t.mock.timers.tick(60_000);
  assert.equal(lines.length, 1, 'nor is it counted as left out');
});

test('with level debug, noise is told too', (t) => {
  const { handshakes, lines } = logFor(t, {}, 'debug');
  handshakes.failed(RESET, '192.0.2.1');
  assert.equal(lines[0]?.reason, 'gone');
  assert.equal(lines[0].level, 20);
});

test('memory is bounded: more networks than are remembered cost lines up to the limit, and no more', (t) => {
  const { handshakes, lines } = logFor(t, { maxPeers: 5, perPeer: 1, perMinute: 40 });
  for (let round = 0; round < 3; round++) {
    for (let net = 0; net < 100; net++) handshakes.failed(UNKNOWN, `10.0.${net}.1`);
  }
  assert.equal(lines.length, 40);
});

test('reasons in the summary are bounded', (t) => {
  const { handshakes, lines } = logFor(t, { perMinute: 0 }, 'debug');
  for (let index = 0; index < 500; index++) handshakes.failed(coded(`ERR_SSL_ODD_${index}`), '192.0.2.1');
  t.mock.timers.tick(60_000);
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.count, 500);
  assert.equal(String(lines[0].reasons).split(', ').length, 21);
  assert.match(String(lines[0].reasons), /^other 480, /);
});

test('closing writes the summary at once, and only once', (t) => {
  const { handshakes, lines } = logFor(t, { perMinute: 1 });
  handshakes.failed(UNKNOWN, '192.0.2.1');
  handshakes.failed(NAME, '192.0.2.1');
  handshakes.close();
  assert.equal(lines.at(-1)?.reasons, 'bad-certificate 1');
  t.mock.timers.tick(120_000);
  assert.equal(lines.length, 2);
});

test('a client whose address is unknown is told as well', (t) => {
  const { handshakes, lines } = logFor(t);
  handshakes.failed(UNKNOWN, undefined);
  assert.equal(lines[0]?.client, '');
});

const NETWORKS: [address: string, network: string][] = [
  ['192.0.2.7', '192.0.2'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  ['fe80::1:2:3:4', 'fe80:0:0:0'],
  ['', ''],
];
for (const [address, network] of NETWORKS) {
  test(`the network of ${address || 'nothing'} is ${network || 'nothing'}`, () => {
    assert.equal(networkOf(address), network);
  });
}
