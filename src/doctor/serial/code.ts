// Owns the codes of the serial log's findings, and which of them a number means that a device prints.

export type SerialCode =
  | 'certificate-name'
  | 'certificate-root'
  | 'check-failed'
  | 'chip-mismatch'
  | 'client-crash'
  | 'connect-failed'
  | 'connect-timeout'
  | 'crash-loop'
  | 'dns-failed'
  | 'download-broken'
  | 'http-error'
  | 'image-corrupt'
  | 'image-hash'
  | 'image-magic'
  | 'image-too-large'
  | 'key-too-long'
  | 'memory'
  | 'mqtt-failed'
  | 'no-length'
  | 'no-reply'
  | 'receive-overflow'
  | 'reply-not-json'
  | 'same-version'
  | 'status-client'
  | 'status-not-found'
  | 'status-plain-closed'
  | 'status-redirect'
  | 'status-server'
  | 'tls-closed'
  | 'tls-failed'
  | 'tls-memory'
  | 'truncated'
  | 'up-to-date'
  | 'upgrade-failed'
  | 'upgraded'
  | 'url-missing'
  | 'version-crash'
  | 'voice-failed';

/** What the number behind `code=` on the screen means, or null for one that is not known. An HTTP status is one too. */
export function codeOfNumber(number: number): SerialCode | null {
  const known = NUMBERS.get(number);
  if (known !== undefined) return known;
  if (number >= 300 && number < 400) return 'status-redirect';
  if (number >= 400 && number < 500) return 'status-client';
  return number >= 500 && number < 600 ? 'status-server' : null;
}

// ESP_ERR_INVALID_RESPONSE, then ESP_ERR_ESP_TLS_BASE (0x8000) and what esp_tls_errors.h adds to it.
const NUMBERS: ReadonlyMap<number, SerialCode> = new Map([
  [-1, 'no-reply'],
  [264, 'reply-not-json'],
  [404, 'status-not-found'],
  [426, 'status-plain-closed'],
  [0x8001, 'dns-failed'],
  [0x8004, 'connect-failed'],
  [0x8006, 'connect-timeout'],
  [0x801a, 'tls-failed'],
] satisfies [number, SerialCode][]);

/** What an error of mbedTLS means, by its number as it is printed (`-0x7F00`, without the sign). */
export function codeOfTlsError(number: number): SerialCode {
  return TLS_ERRORS.get(number) ?? 'tls-failed';
}

const TLS_ERRORS: ReadonlyMap<number, SerialCode> = new Map([
  [0x7f00, 'tls-memory'],
  [0x2700, 'certificate-name'],
  [0x3000, 'certificate-root'],
  // MBEDTLS_ERR_SSL_CONN_EOF, FATAL_ALERT_MESSAGE, PEER_CLOSE_NOTIFY, and the reset of the connection
  [0x7280, 'tls-closed'],
  [0x7780, 'tls-closed'],
  [0x7880, 'tls-closed'],
  [0x0050, 'tls-closed'],
] satisfies [number, SerialCode][]);
