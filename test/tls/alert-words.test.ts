// Tests what a failed handshake is said to mean: by the codes, and by clients that really fail in these ways.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer as createTcp } from 'node:net';
import { test } from 'node:test';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import { TLS_OPTIONS } from '../../src/gate/certificates.ts';
import { describeTlsError } from '../../src/tls/alert-words.ts';
import { issue } from './issue.ts';

function coded(code: string): Error {
  return Object.assign(new Error('some text that nobody matches'), { code });
}

const CODES: [code: string, reason: string, about: string][] = [
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'unknown-ca', 'certificate'],
  ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 'access-denied', 'certificate'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'bad-certificate', 'certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'bad-certificate', 'certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'certificate-expired', 'certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', 'certificate-unknown', 'certificate'],
  ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'internal-error', 'certificate'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher', 'agreement'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'unsupported-protocol', 'agreement'],
  ['ERR_SSL_HTTP_REQUEST', 'http-request', 'agreement'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'not-tls', 'noise'],
  ['ECONNRESET', 'gone', 'noise'],
  ['EPIPE', 'gone', 'noise'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'timeout', 'noise'],
  ['ERR_SSL_TLSV1_ALERT_DECODE_ERROR', 'alert-decode-error', 'noise'],
  ['ERR_SSL_SOMETHING\nNEW', 'something-new', 'noise'],
  ['constructor', 'constructor', 'noise'],
];
for (const [code, reason, about] of CODES) {
  test(`${JSON.stringify(code)} is ${reason}`, () => {
    const failure = describeTlsError(coded(code));
    assert.equal(failure.reason, reason);
    assert.equal(failure.about, about);
    assert.match(failure.words, /^[a-z].{10,}$/i);
  });
}

test('whatever is thrown gets words', () => {
  for (const thrown of [undefined, null, 'text', 7, {}, new Error(''), new Error('x', { cause: 1 })]) {
    const { reason, words } = describeTlsError(thrown);
    assert.match(reason, /^[a-z0-9-]+$/);
    assert.ok(words.length > 0);
  }
});

test('a name of any length makes a short reason', () => {
  assert.ok(describeTlsError(coded(`ERR_SSL_${'LONG_'.repeat(1000)}`)).reason.length <= 60);
});

const leaf = issue({ name: 'ota.test', hosts: ['ota.test'] });

const BYTES: [what: string, bytes: string | Buffer, reason: string][] = [
  ['plain HTTP', 'POST /xiaozhi/ota/ HTTP/1.1\r\nHost: ota.test\r\n\r\n', 'http-request'],
  ['a CONNECT', 'CONNECT ota.test:443 HTTP/1.1\r\n\r\n', 'proxy-request'],
  ['MQTT', Buffer.from('101000044d5154540402003c000461626364', 'hex'), 'not-tls'],
  ['a PROXY header', 'PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n', 'not-tls'],
  ['the start of a record', Buffer.from([22, 3, 1]), 'gone'],
  ['nothing', '', 'gone'],
];
for (const [what, bytes, reason] of BYTES) {
  test(`${what} is ${reason}`, async () => {
    assert.deepEqual(
      await reasonsFor(async (port) => {
        const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
        await once(socket, 'connect');
        socket.resume().end(bytes);
      }),
      [reason],
    );
  });
}

const CLIENTS: [what: string, options: ConnectionOptions, reason: string][] = [
  ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }, 'unsupported-protocol'],
  ['RSA suites', { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:@SECLEVEL=0' }, 'no-shared-cipher'],
  ['P-521 alone', { minVersion: 'TLSv1.3', ecdhCurve: 'P-521' }, 'no-shared-curve'],
  ['Ed25519 signatures alone', { sigalgs: 'ed25519' }, 'no-shared-signature'],
];
for (const [what, options, reason] of CLIENTS) {
  test(`a client with ${what} is ${reason}`, async () => {
    assert.deepEqual(
      await reasonsFor((port) => void connect({ port, host: '127.0.0.1', ...options }).on('error', () => {})),
      [reason],
    );
  });
}

test('every alert that a client may send has words of its own, or at least its name', async () => {
  const hello = await recordedHello();
  const seen = new Map<number, string>();
  for (const alert of [40, 42, 43, 44, 45, 46, 48, 49, 50, 51, 70, 80, 90]) {
    const [reason] = await reasonsFor((port) => {
      const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
      socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert])));
      socket.write(hello);
    }, 'TLSv1.2');
    seen.set(alert, reason ?? '');
  }
  assert.deepEqual(Object.fromEntries(seen), {
    40: 'handshake-failure',
    42: 'bad-certificate',
    43: 'unsupported-certificate',
    44: 'certificate-revoked',
    45: 'certificate-expired',
    46: 'certificate-unknown',
    48: 'unknown-ca',
    49: 'access-denied',
    50: 'alert-decode-error',
    51: 'decrypt-error',
    70: 'protocol-version',
    80: 'internal-error',
    90: 'cancelled',
  });
});

test('a client that says nothing is a timeout', async () => {
  const reasons = await reasonsFor((port) => void connectTcp(port, '127.0.0.1').on('error', () => {}));
  assert.deepEqual(reasons, ['timeout']);
});

/** The reasons that a server gives for one client, which it waits 300 ms for. */
async function reasonsFor(
  client: (port: number) => void | Promise<void>,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<string[]> {
  const server = createServer({
    ...TLS_OPTIONS,
    maxVersion,
    cert: leaf.pem,
    key: leaf.keyPem,
    handshakeTimeout: 300,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const failed = once(server, 'tlsClientError', { signal: AbortSignal.timeout(5_000) });
  await client((server.address() as AddressInfo).port);
  const [error, socket] = await failed;
  socket.destroy();
  server.close();
  return [describeTlsError(error).reason];
}

/** The first flight of a client that speaks TLS 1.2 to a P-256 certificate. */
async function recordedHello(): Promise<Buffer> {
  const server = createTcp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  }).on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [hello] = await once(socket, 'data');
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}
