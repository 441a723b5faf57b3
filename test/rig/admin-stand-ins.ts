// Owns stand-ins for the gate behind the admin interface: one of each thing, and actions that show what reaches them.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GateError } from '../../src/base/errors.ts';
import type { AdminActions } from '../../src/control/admin/actions.ts';
import type { AuditEntry } from '../../src/control/admin/audit.ts';
import type { DeviceRow } from '../../src/control/admin/device-schemas.ts';
import type { OpeningStatus } from '../../src/control/admin/opening-schemas.ts';
import type { RolloutStatus } from '../../src/control/admin/rollout-schemas.ts';
import { DoctorDesk } from '../../src/control/doctor-desk.ts';
import type { Status } from '../../src/control/status.ts';
import type { ListedImage } from '../../src/firmware/operations.ts';

export const OPENING: OpeningStatus = {
  id: 'open-1',
  route: 'ota',
  from: [],
  openedMs: 1,
  startMs: null,
  untilMs: 2,
  reason: '',
  declared: false,
  openedBy: 'page',
  closeAfter: { devices: null, idleMs: null },
  uses: 0,
  devices: 0,
  upgraded: 0,
};

export const DEVICE: DeviceRow = {
  device: '11:22:33:44:55:66',
  board: 'bread-compact-wifi',
  version: '1.8.1',
  client: '192.168.1.7',
  scheme: 'http',
  firstSeenMs: 1,
  lastSeenMs: 2,
  state: 'up-to-date',
  offered: null,
  why: null,
  failures: 0,
  proven: false,
};

export const IMAGE: ListedImage = {
  sha256: 'a'.repeat(64),
  kind: 'app',
  length: 11,
  fileName: 'board_2.0.0.bin',
  contentType: 'application/octet-stream',
  facts: {},
  pinned: false,
  addedMs: 1,
  offeredMs: 1,
  checked: true,
  current: true,
};

export const STATUS: Status = {
  pid: 1,
  startedAt: new Date(0).toISOString(),
  config: '/etc/otagate.yaml',
  snapshot: 1,
  domains: ['ota.test'],
  listeners: [],
  servers: [],
  streams: [],
  lan: { networks: [], ownGateways: [], gatewaysKnown: true },
  certificates: [],
  acme: [],
  uncovered: [],
  upstreams: {},
  openings: [],
  openable: [],
  workers: [{ name: 'gate-1', pid: 2, sinceMs: 0, snapshot: 1, restarts: 0 }],
  firmware: {
    images: 0,
    bytes: 0,
    maxBytes: 1,
    merged: 0,
    filling: 0,
    activeDownloads: 0,
    totals: { hits: 0, joined: 0, revalidations: 0, stale: 0, fills: 0, failedFills: 0, upstreamBytes: 0 },
  },
  totals: {
    requests: {},
    statuses: {},
    refusals: {},
    checks: 0,
    offers: 0,
    withheld: {},
    downloads: { complete: 0, broken: 0, bytes: 0 },
    downloadBytes: { memory: 0, disk: 0, fill: 0 },
    upstreamFailures: {},
    streams: {},
    streamBytes: { received: 0, sent: 0 },
    handshakes: {},
    turnedAway: {},
    droppedEvents: 0,
  },
  keeping: { kind: 'sqlite' },
  troubles: [],
};

const ROLLOUT: RolloutStatus = {
  name: 'spring',
  action: 'offer',
  version: null,
  below: null,
  boards: [],
  devices: 0,
  networks: [],
  versions: [],
  percent: 100,
  declared: true,
  startedMs: 0,
  held: false,
  targets: null,
  stops: [],
  wave: null,
  waveSize: null,
  nextWaveMs: null,
  members: null,
};

/** Enough of a gate to see what reaches it. */
export function standInActions(audit: AuditEntry[], folder: string): AdminActions {
  const note: AdminActions['note'] = (what, who, detail) =>
    void audit.unshift({ id: audit.length + 1, atMs: Date.now(), what, who, detail });
  const findImage = (id: string): ListedImage => {
    if (IMAGE.sha256.startsWith(id)) return IMAGE;
    throw new GateError('FIRMWARE_UNKNOWN', 'no image begins so', { fault: 'client', status: 404 });
  };
  return {
    status: () => STATUS,
    ready: () => true,
    reload: async (who) => {
      note('reload', who, '');
      return { ok: true, changed: [], warnings: [] };
    },
    openings: () => [OPENING],
    open: async (ask, who) => {
      note('opened', who, JSON.stringify(ask));
      return { ...OPENING, route: ask.route, from: ask.from, openedBy: who };
    },
    close: async (routeOrId, who) => {
      note('closed', who, routeOrId);
      return [OPENING];
    },
    audit: (limit, before) => audit.filter(({ id }) => before === null || id < before).slice(0, limit),
    note,
    renew: async (name) => ({ kept: [], renewed: name === null ? [] : [name], faults: [] }),
    root: () => null,
    alerts: {
      list: () => ({ lasting: [], targets: [] }),
      test: async () => [{ host: 'hooks.example.com', format: 'json', fault: null }],
    },
    devices: {
      list: () => ({ total: 1, devices: [DEVICE], boards: [], versions: [] }),
      one: (device) => (device === DEVICE.device ? { ...DEVICE, events: [] } : null),
      all: () => [DEVICE, { ...DEVICE, device: 'x', board: '=cmd|"1"' }],
    },
    rollouts: {
      list: async () => [],
      hold: async () => ROLLOUT,
      offer: async () => [],
      pin: async () => ROLLOUT,
      rollback: async () => ROLLOUT,
      percent: async () => ROLLOUT,
      explain: (device) => ({
        device,
        known: false,
        board: null,
        version: null,
        offered: null,
        action: 'pass',
        why: 'no rollout fits this device',
        admitted: null,
        trail: [],
      }),
    },
    firmware: {
      list: () => ({ images: [IMAGE], fills: [], bytes: 11, maxBytes: 100, totals: STATUS.firmware.totals }),
      fileOf: (id) => {
        const file = join(folder, 'image.bin');
        writeFileSync(file, 'hello image');
        return { image: findImage(id), file };
      },
      add: async (bytes, fileName) => {
        const hash = createHash('sha256');
        let length = 0;
        for await (const chunk of bytes) {
          hash.update(chunk);
          length += chunk.length;
        }
        return { ...IMAGE, sha256: hash.digest('hex'), length, fileName };
      },
      async *fetch(url) {
        yield { step: 'bytes', have: 1, length: 2 };
        yield { step: 'well', what: url.href, detail: 'there' };
      },
      async *warm() {},
      async *verify(id) {
        if (id !== null) findImage(id);
        yield { step: 'well', what: 'it', detail: 'its bytes are right' };
      },
      purge: findImage,
      pin: (id, pinned) => ({ ...findImage(id), pinned }),
      extract: async (id) => findImage(id),
    },
    doctor: new DoctorDesk(() => [
      {
        policy: { domains: [], routes: [], publicPorts: { http: 80, https: 443 } },
        listen: { http: [], https: [] },
      } as never,
      null,
    ]),
  };
}
