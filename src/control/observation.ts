// Owns the way from what a gate tells to what the device history takes: bounded, whatever clients sent.
import type { CheckOffer, GateEvent } from '../link/events.ts';
import type { Observation, OfferSeen } from '../ota/device-record.ts';

type DeviceNews = Exclude<GateEvent, { event: (typeof NO_DEVICES)[number] }>;

const NO_DEVICES = ['request', 'handshake-failed', 'turned-away', 'stream', 'upstream-failed', 'held-hit'] as const;

const MAX_NAME = 64;
const MAX_WHY = 300;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** What an event says of a device, or null where it says nothing of one. */
export function observationOf(event: GateEvent): { device: string; seen: Observation } | null {
  if (!isDeviceNews(event)) return null;
  const device = name(event.device);
  if (device === null) return null;
  return { device, seen: event.event === 'check' ? checkOf(event) : downloadOf(event) };
}

function isDeviceNews(event: GateEvent): event is DeviceNews {
  return !NO_DEVICES.some((kind) => kind === event.event);
}

function checkOf(event: Extract<GateEvent, { event: 'check' }>): Observation {
  const { atMs, client, scheme } = event;
  return {
    kind: 'check',
    atMs,
    client: name(client) ?? '',
    scheme: name(scheme) ?? '',
    board: name(event.board),
    version: name(event.version),
    elfSha256: name(event.elfSha256),
    offer: offerOf(event.offer),
  };
}

function offerOf(offer: CheckOffer): OfferSeen {
  switch (offer.kind) {
    case 'none':
    case 'unread':
      return offer;
    case 'offered':
      return { ...offer, version: name(offer.version) ?? '' };
    case 'withheld':
      return { ...offer, version: name(offer.version) ?? '', why: text(offer.why, MAX_WHY) };
  }
}

function downloadOf(event: Exclude<DeviceNews, { event: 'check' }>): Observation {
  const { atMs, client, download, promised } = event;
  const startedMs = 'startedMs' in event ? event.startedMs : atMs;
  const link = { version: name(promised?.version), board: name(promised?.board), sealed: promised !== null };
  const part = { atMs, startedMs, download, client: name(client) ?? '', link };
  switch (event.event) {
    case 'download-begun':
      return { kind: 'download-begun', ...part };
    case 'download-moved':
      return { kind: 'download-moved', bytes: event.bytes, length: event.length, ...part };
    case 'download-refused':
      return {
        kind: 'fill-failed',
        code: event.code,
        why: event.why === null ? null : text(event.why, MAX_WHY),
        ...part,
      };
    case 'download': {
      const { offset, bytes, length, complete, gapMs, code } = event;
      return { kind: 'download-ended', ...part, offset, bytes, length, complete, gapMs, code };
    }
  }
}

/** A name from outside: without controls, of bounded length, null for none. */
function name(given: string | null | undefined): string | null {
  return given == null || given === '' ? null : text(given, MAX_NAME);
}

function text(given: string, most: number): string {
  return given.slice(0, most).replace(CONTROLS, '?');
}
