// Owns what a device would say of a chain of ours: every finding, with why it matters there and what to do about it.
import type { X509Certificate } from 'node:crypto';
import { errorText } from '../base/errors.ts';
import { namesOf, parseChain } from './chain.ts';
import { covers } from './choose.ts';
import type { DeviceFinding } from './device-finding.ts';
import { keyFindings, signatureFindings } from './device-keys.ts';
import { trustFindings } from './device-trust.ts';
import { type EspBundle, espBundle, shortName } from './esp-bundle.ts';
import { anyOrderPath, certificateMessageBytes, derBytes, devicePath, handshakeBytes } from './served-chain.ts';

export type { DeviceFinding } from './device-finding.ts';

/** What the check depends on besides the chain: the recorded bundle and the clock, unless a caller brings others. */
export type CheckedAgainst = { bundle?: EspBundle; nowMs?: number };

const SMALL_CHAIN_BYTES = 4096;
const SMALL_CHAIN = 3;
const SMALL_RECORD_BYTES = 4096;
// MBEDTLS_SSL_IN_CONTENT_LEN as ESP-IDF sets it: the largest content of a record.
const LARGEST_RECORD_BYTES = 16_384;
const HEAP = 'a small board may not have that much in one piece, and fails with -0x7F00';

/**
 * What devices with mbedTLS and ESP-IDF's certificate bundle find in this chain (PEM, leaf first), served for these
 * names, with application records of `recordBytes` at most. Empty where there is nothing to say. Never throws.
 */
export function checkForDevices(
  chainPem: string,
  names: readonly string[],
  recordBytes: number,
  { bundle = espBundle(), nowMs = Date.now() }: CheckedAgainst = {},
): DeviceFinding[] {
  let chain: X509Certificate[];
  try {
    chain = parseChain(chainPem, 'the chain');
  } catch (error) {
    return [unreadable(errorText(error))];
  }
  const leaf = chain[0];
  if (leaf === undefined) return [unreadable('the chain holds no certificate')];
  return [
    ...orderFindings(chain),
    ...trustFindings(anyOrderPath(chain), bundle),
    ...nameFindings(leaf, names),
    ...keyFindings(leaf),
    ...signatureFindings(chain, bundle),
    ...sizeFindings(chain, recordBytes),
    ...dateFindings(leaf, nowMs),
  ];
}

function unreadable(what: string): DeviceFinding {
  return {
    code: 'chain-unreadable',
    severity: 'fault',
    what,
    why: 'no device can connect by TLS',
    remedy: 'give the file as the authority issued it: PEM, the leaf first, then its issuers',
  };
}

function orderFindings(chain: readonly X509Certificate[]): DeviceFinding[] {
  const path = devicePath(chain);
  const whole = anyOrderPath(chain);
  const [last, passed] = [path.at(-1), whole[path.length]];
  if (last !== undefined && passed !== undefined) {
    return [
      {
        code: 'chain-order',
        severity: 'fault',
        what: `${shortName(passed.subject)} comes before ${shortName(last.subject)}, which it issued`,
        why: 'mbedTLS looks for an issuer among the certificates that follow, and ends the handshake with -0x3000',
        remedy: `put them in this order: ${whole.map(({ subject }) => shortName(subject)).join('; ')}`,
      },
    ];
  }
  return chain
    .filter((certificate) => !path.includes(certificate))
    .map((certificate) => ({
      code: 'chain-stranger',
      severity: 'warning',
      what: `${shortName(certificate.subject)} issued none of the other certificates`,
      why: `each handshake of a device carries ${certificate.raw.length} bytes that it has no use for`,
      remedy: 'take it out of the file',
    }));
}

/** Exact names, and wildcards for one label (RFC 6125 section 6.4.3), without regard to case: what mbedTLS compares. */
function nameFindings(leaf: X509Certificate, names: readonly string[]): DeviceFinding[] {
  const covered = namesOf(leaf);
  return names
    .map((name) => name.toLowerCase())
    .filter((name) => !covers(covered, name))
    .map((name) => ({
      code: 'name-missing',
      severity: 'fault',
      what: `the certificate is not for ${name}, but for ${covered.join(', ') || 'no name at all'}`,
      why: 'a device compares the name in its address with the certificate, and ends the handshake with -0x2700',
      remedy: `order a certificate that names ${name}, or give devices an address with a name that it has`,
    }));
}

function sizeFindings(chain: readonly X509Certificate[], recordBytes: number): DeviceFinding[] {
  const der = derBytes(chain);
  const message = certificateMessageBytes(chain);
  const findings: DeviceFinding[] = [];
  if (message > LARGEST_RECORD_BYTES) {
    findings.push({
      code: 'chain-too-large',
      severity: 'fault',
      what: `the chain takes ${message} bytes in the handshake`,
      why: `mbedTLS wants it in one record, of ${LARGEST_RECORD_BYTES} bytes at most, and ends the handshake with -0x7080`,
      remedy: 'use a shorter chain: a leaf with fewer names, no root, no cross-sign',
    });
  } else if (der > SMALL_CHAIN_BYTES || chain.length > SMALL_CHAIN) {
    const larger = message > recordBytes ? `, larger than the records after it (${recordBytes})` : '';
    findings.push({
      code: 'chain-size',
      severity: 'warning',
      what: `the chain has ${chain.length} certificates with ${der} bytes; a handshake brings about ${handshakeBytes(chain)}`,
      why: `a device takes the chain as one record of ${message} bytes${larger}: ${HEAP}`,
      remedy: 'use a shorter chain, and a P-256 key in place of RSA',
    });
  }
  if (recordBytes > SMALL_RECORD_BYTES) {
    findings.push({
      code: 'record-size',
      severity: 'warning',
      what: `records to devices have up to ${recordBytes} bytes`,
      why: `a device takes each record whole: ${HEAP}`,
      remedy: 'set tls.deviceRecordBytes to 4096, or to 2048',
    });
  }
  return findings;
}

// CONFIG_MBEDTLS_HAVE_TIME_DATE is off in ESP-IDF, since a device without time would refuse everything.
function dateFindings(leaf: X509Certificate, nowMs: number): DeviceFinding[] {
  const why = 'devices do not look at dates unless their firmware was built to; browsers and the console do';
  const remedy = 'renew the certificate; where the date is right, check this machine’s clock';
  if (leaf.validToDate.getTime() <= nowMs) {
    return [{ code: 'expired', severity: 'note', what: `expired on ${leaf.validToDate.toISOString()}`, why, remedy }];
  }
  if (leaf.validFromDate.getTime() > nowMs) {
    const what = `not valid before ${leaf.validFromDate.toISOString()}`;
    return [{ code: 'not-yet-valid', severity: 'note', what, why, remedy }];
  }
  return [];
}
