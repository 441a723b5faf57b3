// Owns the judgement of the way to a host: its name, its port, its TLS.
import type { Opening, Place } from '../facts.ts';
import { type Finding, fault } from './code.ts';

/** `at` is the whole address, as it is told. */
export function judgeConnection(at: string, host: string, place: Place | null, opening: Opening | null): Finding[] {
  if (place === null) return [];
  if (place.place === 'unknown') {
    return [fault(place.ipv6 ? 'dns-ipv6-only' : 'dns-unknown', at, { host, because: place.because })];
  }
  const { address, instead } = place;
  const hairpin =
    instead === null ? [] : [fault('hairpin', at, { host, address: instead.failed, because: instead.because })];
  if (opening === null || opening.opened === 'yes') return hairpin;
  const { because } = opening;
  const code = opening.at === 'tls' ? 'tls-failed' : opening.at === 'silent' ? 'port-silent' : 'port-closed';
  return [...hairpin, fault(code, at, { address, because })];
}
