// A serial log: each number and each text of a failing device is known, and named with its remedy in both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SerialCode } from '../../src/doctor/serial/code.ts';
import { MAX_LOG_BYTES, readSerialLog } from '../../src/doctor/serial/serial-log.ts';
import { tellSerialLog } from '../../src/doctor/serial/told.ts';
import { serialWords } from '../../src/doctor/serial/words.ts';
import { serialWordsZh } from '../../src/doctor/serial/words-zh.ts';

const CALM = 'I (2109) Ota: Current version: 1.9.2\nI (2209) WifiStation: Got IP: 192.168.1.77\n';

function codesOf(log: string): string[] {
  return readSerialLog(log).findings.map(({ code, status }) => (status === null ? code : `${code} ${status}`));
}

/** One line each, as it is printed, and the one finding that it must give. */
const LINES: readonly (readonly [line: string, found: string])[] = [
  // The numbers on the screen.
  [
    'W (9120) Application: Alert [error] 错误: 检查新版本失败，将在 10 秒后重试：code=264, url=https://ota.example.com/',
    'reply-not-json',
  ],
  ['W (9120) Application: code=32769, url=http://ota.example.com/xiaozhi/ota/', 'dns-failed'],
  ['E (9120) HttpClient: TCP connection failed, code=0x8001', 'dns-failed'],
  ['W (9120) Application: code=32772, url=http://192.168.1.5/', 'connect-failed'],
  ['E (9120) Ota: Failed to open HTTP connection, code=0x8004', 'connect-failed'],
  ['W (9120) Application: code=32774', 'connect-timeout'],
  ['E (9120) Ota: HTTP failed: 0x8006 (10022 ms)', 'connect-timeout'],
  ['W (9120) Application: code=32794', 'tls-failed'],
  ['E (9120) HttpClient: TCP connection failed, code=0x801a', 'tls-failed'],
  ['E (9120) Ota: Failed to check version, status code: 301', 'status-redirect 301'],
  ['W (9120) Application: code=308, url=http://ota.example.com/', 'status-redirect 308'],
  ['E (9120) Ota: Failed to check version, status code: 403', 'status-client 403'],
  ['E (9120) Ota: Failed to get firmware, status code: 404', 'status-not-found 404'],
  ['E (9120) Ota: Failed to check version, status code: 426', 'status-plain-closed 426'],
  ['E (9120) Ota: Failed to check version, status code: 502', 'status-server 502'],
  ['W (9120) Application: code=-1, url=https://ota.example.com/', 'no-reply'],
  // TLS.
  ['E (9120) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7F00', 'tls-memory'],
  ['E (9120) Dynamic Impl: alloc(16749 bytes) failed', 'tls-memory'],
  ['E (9120) esp-tls: no memory for TLS', 'tls-memory'],
  ['E (9120) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700', 'certificate-name'],
  ['E (9120) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x3000', 'certificate-root'],
  ['E (9120) esp-x509-crt-bundle: No matching trusted root certificate found', 'certificate-root'],
  ['E (9120) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7280', 'tls-closed'],
  ['E (9120) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x6E00', 'tls-failed'],
  [
    "E (9120) esp-tls: couldn't get hostname for :ota.example.com: getaddrinfo() returns 202, addrinfo=0x0",
    'dns-failed',
  ],
  ['E (9120) esp-tls: [sock=54] connect() error: Host is unreachable', 'connect-failed'],
  ['E (9120) esp-tls: Failed to open new connection in specified timeout', 'connect-timeout'],
  // The download and the image.
  ['E (9120) Ota: Failed to get content length', 'no-length'],
  [
    'E (9120) HttpClient: Connection closed prematurely, expected 2097152 bytes but only received 81920 bytes',
    'truncated',
  ],
  ['E (9120) Ota: Failed to read HTTP data: ESP_FAIL', 'download-broken'],
  ['E (9120) HttpClient: Timeout waiting for HTTP headers to be received', 'no-reply'],
  ['E (9120) AtUart: FIFO overflow', 'receive-overflow'],
  ['E (9120) Ml307Http: HTTP request error: Cache space insufficient', 'receive-overflow'],
  ['E (9120) Ml307Http: HTTP request error: SSL handshake failed', 'tls-failed'],
  ['E (9120) esp_image: Image hash failed - image is corrupt', 'image-hash'],
  ['E (9120) Ota: Image validation failed, image is corrupted', 'image-corrupt'],
  ['E (9120) esp_ota_ops: OTA image has invalid magic byte (expected 0xE9, saw 0xff)', 'image-magic'],
  ['E (9120) esp_image: mismatch chip ID, expected 9, found 5', 'chip-mismatch'],
  ["E (9120) esp_image: Image length 4194304 doesn't fit in partition length 4128768", 'image-too-large'],
  ['E (9120) Ota: Firmware version is the same, skipping upgrade', 'same-version'],
  ['W (9120) Application: Alert [sad] 错误: 升级失败', 'upgrade-failed'],
  ['E (9120) Application: Firmware upgrade failed...', 'upgrade-failed'],
  ['E (9120) Ota: HTTP error', 'http-error'],
  ['E (9120) Application: Too many retries, exit version check', 'check-failed'],
  ['E (9120) Ota: Check version URL is not properly set', 'url-missing'],
  ['E (9120) AudioService: std::bad_alloc', 'memory'],
  ['E (9120) WS: Failed to receive server hello', 'voice-failed'],
  ['E (9120) MQTT: Failed to connect to endpoint', 'mqtt-failed'],
  // Boot loops.
  ["terminate called after throwing an instance of 'std::invalid_argument'", 'version-crash'],
  ['  what():  stoi', 'version-crash'],
  ['ESP_ERROR_CHECK failed: esp_err_t 0x1109 (ESP_ERR_NVS_KEY_TOO_LONG) at 0x42011223', 'key-too-long'],
  ['assert failed: esp_transport_read esp_transport.c:211', 'crash-loop'],
  // What went well.
  ['I (9120) Ota: Firmware upgrade successful, rebooting in 3 seconds...', 'upgraded'],
  ['I (9120) Ota: Current is the latest version', 'up-to-date'],
];

for (const [line, found] of LINES) {
  test(`${found}: ${line.trim().slice(0, 70)}`, () => {
    assert.deepEqual(codesOf(`${CALM}${line}\n`), [found]);
    const [first] = readSerialLog(`${CALM}\u001b[0;31m${line}\u001b[0m\r\n`).findings;
    assert.deepEqual([first?.line, first?.text.includes('\u001b')], [3, false]);
  });
}

test('every code is shown by a line or a log here, and has three sentences in both languages', () => {
  const known = Object.keys(serialWords) as SerialCode[];
  assert.deepEqual(Object.keys(serialWordsZh).sort(), known.toSorted());
  const shown = new Set(LINES.map(([, found]) => found.split(' ', 1)[0]));
  assert.deepEqual(
    known.filter((code) => !shown.has(code) && code !== 'client-crash'),
    [],
  );
  for (const code of known) {
    for (const sentence of Object.values(serialWords[code](503)))
      assert.match(sentence, /^[^\p{Script=Han}]{10,}$|升级失败/u, code);
    for (const sentence of Object.values(serialWordsZh[code](503))) assert.match(sentence, /\p{Script=Han}{2}/u, code);
  }
});

test('what says why stands alone; what only says that it failed goes', () => {
  const log = `${CALM}E esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700
E (9121) HttpClient: TCP connection failed, code=0x801a
E (9122) Ota: Failed to open HTTP connection, code=0x801a
W (9123) Application: Alert [sad] 错误: 升级失败
E (9125) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700`;
  const { version, lines, findings } = readSerialLog(log);
  assert.deepEqual([version, lines], ['1.9.2', 7]);
  assert.deepEqual(
    findings.map(({ code, times, line }) => [code, times, line]),
    [['certificate-name', 2, 3]],
  );
  assert.deepEqual(codesOf('E Ota: HTTP error\nW 升级失败\n'), ['http-error']);
});

test('two failures are both told, in the order of the log, before what went well', () => {
  const log = 'I Ota: Current is the latest version\nE AtUart: FIFO overflow\nE WS: Failed to receive server hello\n';
  assert.deepEqual(codesOf(log), ['receive-overflow', 'voice-failed', 'up-to-date']);
});

test('starts again and again are a loop; with 1.8.1 it is its own client', () => {
  const start = 'rst:0xc (RTC_SW_CPU_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)\n';
  assert.deepEqual(codesOf(start.repeat(2)), []);
  assert.deepEqual(codesOf(start.repeat(5)), ['crash-loop']);
  const crash = `${start}I Ota: Current version: VERSION\nGuru Meditation Error: Core  0 panic'ed (LoadProhibited)\n`;
  assert.deepEqual(codesOf(crash.repeat(3).replaceAll('VERSION', '1.8.1')), ['client-crash']);
  assert.deepEqual(codesOf(crash.repeat(3).replaceAll('VERSION', '1.8.5')), ['crash-loop']);
});

test('an unknown log says so, and so does an empty one', () => {
  for (const log of ['', CALM, 'the quick brown fox\n'.repeat(50), 'I (1) Ota: code 7 of 9; 264 KB free\n'])
    assert.equal(tellSerialLog(readSerialLog(log), 'en').known, false, log.slice(0, 40));
});

test('a log is hostile: bounded in time and size, and nothing of it reaches a terminal as it is', () => {
  const hostile = '\u001b]0;pwned\u0007\u202e code=404 \u001b[2J';
  const [finding] = readSerialLog(hostile).findings;
  assert.doesNotMatch(finding?.text ?? '\u001b', /[\u0000-\u001f\u202e]/);
  const startedMs = performance.now();
  for (const piece of [
    'mbedtls',
    'mbedtls -0x',
    'certificate doesn',
    'MQTT ',
    'code=',
    'alloc(',
    '\u001b[',
    'what(): ',
    '\n',
  ])
    readSerialLog(piece.repeat(Math.ceil(MAX_LOG_BYTES / 8 / piece.length)));
  assert.ok(performance.now() - startedMs < 20_000);
  const flood = readSerialLog(Array.from({ length: 20_000 }, (_, i) => `code=${300 + (i % 300)}`).join('\n'));
  assert.ok(flood.findings.length <= 40 && flood.findings.every(({ text }) => text.length <= 400));
});
