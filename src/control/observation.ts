// Owns the way from what a gate tells to what the device history takes: bounded, whatever clients sent.
import type { GateEvent } from '../link/events.ts';
import type { Observation } from '../ota/device-record.ts';

const MAX_NAME = 64;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** What an event says of a device, or null where it says nothing of one. */
export function observationOf(event: GateEvent): { device: string; seen: Observation } | null {
  if (event.event !== 'check' && event.event !== 'download') return null;
  const device = name(event.device);
  if (device === null) return null;
  return { device, seen: event.event === 'check' ? checkOf(event) : downloadOf(event) };
}

function checkOf(event: Extract<GateEvent, { event: 'check' }>): Observation {
  const { atMs, client, scheme } = event;
  const version = name(event.offered);
  return {
    kind: 'check',
    atMs,
    client: name(client) ?? '',
    scheme: name(scheme) ?? '',
    board: name(event.board),
    version: name(event.version),
    elfSha256: null,
    offer: version === null ? { kind: 'none' } : { kind: 'offered', version, forced: false, sealed: true },
  };
}

function downloadOf(event: Extract<GateEvent, { event: 'download' }>): Observation {
  const { atMs, client, bytes, complete, length, promised } = event;
  return {
    kind: 'download-ended',
    atMs,
    startedMs: atMs,
    download: '',
    client: name(client) ?? '',
    link: { version: name(promised?.version), board: name(promised?.board), sealed: promised !== null },
    offset: 0,
    bytes,
    length,
    complete,
    gapMs: 0,
    code: complete ? null : 'CLIENT_GONE',
  };
}

/** A name from outside: without controls, of bounded length, null for none. */
function name(text: string | null | undefined): string | null {
  return text == null || text === '' ? null : text.slice(0, MAX_NAME).replace(CONTROLS, '?');
}

/**
 * The network that an outcome counts for, by its client's normalised address. One who has an IPv6 network has more
 * addresses than there are devices; what one customer gets is a /48 at the most.
 */
export function clientNetwork(client: string): string {
  if (client === '') return 'unknown';
  const [head = ''] = client.split('::', 1);
  if (!/^[23][0-9a-f]{3}(:|$)/i.test(head)) return client;
  const groups = head.split(':');
  return `${[0, 1, 2].map((at) => groups[at] ?? '0').join(':')}::/48`;
}
