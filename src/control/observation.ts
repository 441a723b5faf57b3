// Owns the way from what a gate tells to what the device history takes: bounded, whatever clients sent.
import type { GateEvent } from '../link/events.ts';
import type { Observation } from '../ota/device-record.ts';

type DeviceNews = Exclude<GateEvent, { event: 'request' | 'handshake-failed' | 'stream' }>;

const MAX_NAME = 64;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** What an event says of a device, or null where it says nothing of one. */
export function observationOf(event: GateEvent): { device: string; seen: Observation } | null {
  if (event.event === 'request' || event.event === 'handshake-failed' || event.event === 'stream') return null;
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

function downloadOf(event: Exclude<DeviceNews, { event: 'check' }>): Observation {
  const { atMs, client, download, promised } = event;
  const startedMs = event.event === 'download' ? event.startedMs : atMs;
  const link = { version: name(promised?.version), board: name(promised?.board), sealed: promised !== null };
  const part = { atMs, startedMs, download, client: name(client) ?? '', link };
  switch (event.event) {
    case 'download-begun':
      return { kind: 'download-begun', ...part };
    case 'download-refused':
      return { kind: 'fill-failed', code: event.code, ...part };
    case 'download': {
      const { offset, bytes, length, complete, gapMs, code } = event;
      return { kind: 'download-ended', ...part, offset, bytes, length, complete, gapMs, code };
    }
  }
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
