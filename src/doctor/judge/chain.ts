// Owns the judgement of a chain and its records: what ESP-IDF says of it, and what the console and modems do.
import { X509Certificate } from 'node:crypto';
import type { Link } from '../../device/link.ts';
import { checkForDevices } from '../../tls/device-check.ts';
import type { EspBundle } from '../../tls/esp-bundle.ts';
import type { Asked, Handshake, Target } from '../facts.ts';
import { type Finding, fault, note, warning } from './code.ts';

/** What chains are judged against. */
export type Against = { bundle: EspBundle; nowMs: number; localRoot: string | null };

// What devices are sent where nobody has seen a larger record.
const SMALL_RECORD = 4096;

/** `look` is a reply that came over this connection: its records are judged with the chain. */
export function judgeChain(
  to: Link,
  role: Target['role'],
  handshake: Handshake | null,
  look: Asked | null,
  against: Against,
): Finding[] {
  if (handshake === null) return [];
  const at = `${to.host}:${to.port}`;
  const record = look?.asked === 'replied' ? look.reply.largestRecord : 0;
  const found = checkForDevices(handshake.chainPem, [to.host], Math.max(record, SMALL_RECORD), against);
  const isLocal = against.localRoot !== null && endsIn(against.localRoot, handshake.chainPem);
  return found.flatMap(({ code, severity, what, why, remedy }): Finding[] => {
    if (code === 'issuer-unknown' && isLocal) return [warning('local-ca', at)];
    if (code === 'root-included' && isLocal) return [];
    if (code === 'name-missing' && role === 'lan') return [note('address-not-named', at, { address: to.host })];
    const values = { what, why, remedy };
    // Devices do not look at dates; the console does, and refuses the address.
    if (code === 'expired' || code === 'not-yet-valid') return [fault(code, at, values)];
    return [{ code, severity, at, values }];
  });
}

function endsIn(rootPem: string, chainPem: string): boolean {
  try {
    const root = new X509Certificate(rootPem);
    const last = new X509Certificate(chainPem.slice(chainPem.lastIndexOf('-----BEGIN')));
    return last.checkIssued(root) && last.verify(root.publicKey);
  } catch {
    return false;
  }
}
