// Owns the texts by which a line of the serial log is known: those of the firmware, its network library and ESP-IDF.
import type { SerialCode } from './code.ts';

/**
 * One text each, and what it means. Every pattern is a plain run of characters, or of bounded parts: a line is
 * hostile text, and none of it may take more than one pass.
 */
export const TEXTS: readonly (readonly [pattern: RegExp, code: SerialCode])[] = [
  [/Failed to parse JSON response/i, 'reply-not-json'],
  [
    /couldn't get hostname|getaddrinfo\(\) returns|Domain name resolution failed|CANNOT_RESOLVE_HOSTNAME/i,
    'dns-failed',
  ],
  [
    /Failed to open new connection in specified timeout|Connection to server timeout|ESP_TLS_CONNECTION_TIMEOUT|connection timeout/i,
    'connect-timeout',
  ],
  [
    /\bconnect\(\) error|delayed connect error|Connection to server failed|FAILED_CONNECT_TO_HOST|Host is unreachable|Connection refused/i,
    'connect-failed',
  ],
  [/SSL handshake failed|SSL_HANDSHAKE_FAILED/i, 'tls-failed'],
  [/no memory for TLS|Dynamic Impl: alloc\(\d{1,10} bytes\) failed/i, 'tls-memory'],
  [
    /No matching trusted root certificate|PK verify failed|certificate bundle.{0,40}fail|crt-bundle: Failed to verify/i,
    'certificate-root',
  ],
  [
    /doesn't match.{0,20}certificate|certificate.{0,40}(?:does not|doesn't) match|BADCERT_CN_MISMATCH/i,
    'certificate-name',
  ],
  [/Timeout waiting for HTTP headers|Invalid status line|Request response timeout|Missing header\b/i, 'no-reply'],
  [/Failed to get content length/i, 'no-length'],
  [/Connection closed prematurely|Connection abnormal disconnection|Data packet loss/i, 'truncated'],
  [/Failed to read HTTP data|Timeout waiting for HTTP content|Missing content\b/i, 'download-broken'],
  [/FIFO.?overflow|AtUart: Buffer full|receive (?:buffer )?overflow|Cache space insufficient/i, 'receive-overflow'],
  [/std::bad_alloc|ESP_ERR_NO_MEM|out of memory|Failed to allocate/i, 'memory'],
  [/Image hash failed/i, 'image-hash'],
  [/Image validation failed|OTA_VALIDATE_FAILED|Checksum failed/i, 'image-corrupt'],
  [/invalid magic byte/i, 'image-magic'],
  [/mismatch chip ID/i, 'chip-mismatch'],
  [
    /doesn't fit in partition|Image length \d{1,10} doesn|larger than the partition|ESP_ERR_OTA_SELECT_INFO/i,
    'image-too-large',
  ],
  [/version is the same, skipping/i, 'same-version'],
  [/std::invalid_argument|std::out_of_range|what\(\): {1,4}stoi/i, 'version-crash'],
  [/NVS_KEY_TOO_LONG|\b0x1109\b/i, 'key-too-long'],
  [/Check version URL is not properly set/i, 'url-missing'],
  [
    /Failed to connect to websocket|Failed to receive server hello|WebSocket.{0,20}handshake.{0,20}fail/i,
    'voice-failed',
  ],
  [/MQTT.{0,20}(?:Failed to connect|connect failed)|Failed to connect to endpoint|MQTT_ERROR/i, 'mqtt-failed'],
  [/Firmware upgrade successful|OTA upgrade success|升级成功/i, 'upgraded'],
  [/Current is the latest version|已是最新版本/i, 'up-to-date'],
  [/升级失败|Firmware upgrade failed|Upgrade failed/i, 'upgrade-failed'],
  [/检查新版本失败|Check(?:ing)? (?:for )?new version failed|Too many retries, exit version check/i, 'check-failed'],
  [/HTTP error|Failed to open HTTP connection|HTTP failed|HTTP request error/i, 'http-error'],
];

/** A line that is one of a crash: the device restarts behind it. */
export const CRASH =
  /Guru Meditation Error|assert failed:|abort\(\) was called|terminate called|ESP_ERROR_CHECK failed|Stack canary|stack overflow/i;

/** A line with which a start begins: the reason for the reset, as the ROM prints it. */
export const RESET = /\brst:0x[0-9a-f]{1,3} \(/i;

/** The version of the firmware that wrote the log. */
export const RUNNING = /Current version: (\d{1,9}(?:\.\d{1,9}){0,5})/;
