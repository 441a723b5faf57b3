// Owns ten thousand made-up devices for the dashboard, and the searching, narrowing and sorting that the admin API does.
import type {
  Device,
  DeviceEvent,
  DeviceHistory,
  DevicePage,
  DeviceState,
  NamedCount,
} from '../../src/dashboard/api.ts';

/** What a device may call itself and its board: none of it may ever be more than text. */
export const HOSTILE_BOARD = '<img src=x onerror=alert(1)>';
export const HOSTILE_DEVICE = '"><script>alert(1)</script>\u202Egnp.exe';

const BOARDS = [
  'bread-compact-wifi',
  'lichuang-dev',
  'esp-box-3',
  'atoms3-echo-base',
  'kevin-box-2',
  'm5stack-core-s3',
];
const VERSIONS = ['2.4.2', '2.4.2', '2.4.2', '2.4.1', '2.4.1', '2.3.0', '2.0.0', '1.8.9', '1.7.5'];
const LAST = '2.4.2';
const MINUTE_MS = 60_000;

export class Fleet {
  readonly devices: Device[];

  constructor(count: number, nowMs: number) {
    this.devices = Array.from({ length: count }, (_, number) => make(number, nowMs));
    this.devices.push(
      {
        ...make(7, nowMs),
        device: HOSTILE_DEVICE,
        board: HOSTILE_BOARD,
        version: '1.0.0</td>',
        state: 'seen',
        proven: false,
      },
      { ...make(11, nowMs), device: 'a/b ?#%2e..', board: '', version: '', client: '2001:db8::7', state: 'seen' },
    );
  }

  find(name: string): DeviceHistory | null {
    const device = this.devices.find((one) => one.device === name);
    return device === undefined ? null : { ...device, events: eventsOf(device) };
  }

  /** Changes a device, as a check or a download would. */
  change(name: string, change: Partial<Device>): Device | null {
    const at = this.devices.findIndex((one) => one.device === name);
    const before = this.devices[at];
    if (before === undefined) return null;
    const after = { ...before, ...change };
    this.devices[at] = after;
    return after;
  }

  page(query: URLSearchParams): DevicePage {
    const search = (query.get('search') ?? '').toLowerCase();
    const is = (name: 'board' | 'version' | 'state', device: Device): boolean =>
      !query.has(name) || device[name] === query.get(name);
    const fitting = this.devices.filter(
      (device) =>
        is('board', device) &&
        is('version', device) &&
        is('state', device) &&
        [device.device, device.board, device.version, device.client].some((text) =>
          text?.toLowerCase().includes(search),
        ),
    );
    const sign = query.get('order') === 'asc' ? 1 : -1;
    const value = (device: Device): string | number =>
      ({
        device: device.device,
        board: device.board ?? '',
        version: device.version ?? '',
        lastSeen: device.lastSeenMs,
      })[query.get('sort') ?? 'lastSeen'] ?? device.lastSeenMs;
    fitting.sort((a, b) => (value(a) < value(b) ? -sign : value(a) > value(b) ? sign : 0));
    const offset = Number(query.get('offset') ?? 0);
    return {
      total: fitting.length,
      devices: fitting.slice(offset, offset + Number(query.get('limit') ?? 100)),
      boards: counts(this.devices.map(({ board }) => board)),
      versions: counts(this.devices.map(({ version }) => version)),
    };
  }
}

function make(number: number, nowMs: number): Device {
  const hex = (value: number): string => (value % 256).toString(16).padStart(2, '0');
  const version = VERSIONS[(number * 7) % VERSIONS.length] ?? LAST;
  const state = stateOf(number, version);
  return {
    device: `d4:06:${hex(number >> 16)}:${hex(number >> 8)}:${hex(number)}:${hex(number * 37)}`,
    board: BOARDS[(number * 5) % BOARDS.length] ?? '',
    version,
    client: number % 3 === 0 ? `203.0.113.${number % 250}` : `192.168.${(number >> 8) % 250}.${number % 250}`,
    scheme: number % 4 === 0 ? 'http' : 'https',
    firstSeenMs: nowMs - ((number % 90) + 1) * 1_440 * MINUTE_MS,
    lastSeenMs: nowMs - ((number * 13) % 4_000) * MINUTE_MS - 5 * MINUTE_MS,
    state,
    offered: version === LAST ? null : LAST,
    why: WHYS[state] ?? null,
    failures: state === 'failed' ? (number % 4) + 1 : 0,
    proven: number % 5 !== 0,
  };
}

const WHYS: Partial<Record<DeviceState, string>> = {
  failed: 'the download broke off three times after 1.2 MiB',
  withheld: 'the image is for esp32, this device is an esp32s3',
};

function stateOf(number: number, version: string): DeviceState {
  if (number % 1_711 === 5) return 'failed';
  if (number % 3_301 === 9) return 'withheld';
  if (version === LAST) return number % 9 === 0 ? 'upgraded' : 'up-to-date';
  return number % 200 === 3 ? 'downloading' : number % 6 === 0 ? 'offered' : 'seen';
}

function eventsOf(device: Device): DeviceEvent[] {
  const { version, scheme, client, lastSeenMs, state, why, offered } = device;
  const broken = {
    bytes: 1_258_291,
    length: 2_621_440,
    complete: false,
    code: 'CLIENT_GONE',
    gapMs: 31_000,
    seconds: 52,
  };
  const whole = {
    bytes: 2_621_440,
    length: 2_621_440,
    complete: true,
    code: null,
    gapMs: 210,
    seconds: 45,
    sealed: true,
  };
  const list: [string, DeviceEvent['detail']][] = [
    ['no-offer', { version: '2.0.0', scheme, client }],
    ['offered', { version: '2.3.0', running: '2.0.0', client, scheme, forced: false, sealed: true }],
    ['download-begun', { version: '2.3.0', client, sealed: true, attempt: 1 }],
    ['download-ended', { version: '2.3.0', ...broken, sealed: true }],
    [
      'failed',
      { version: '2.3.0', running: '2.0.0', because: 'left', why: 'it left after 1.2 MiB', inARow: 1, tries: 1 },
    ],
    ['download-begun', { version: '2.3.0', client, sealed: true, attempt: 2 }],
    ['download-ended', { version: '2.3.0', ...whole }],
    ['upgraded', { from: '2.0.0', to: version, seconds: 71, tries: 2, proven: true }],
    ['a-new-kind', { note: '<b>bold</b>', count: 3, untrue: false }],
    ...(offered === null
      ? []
      : [['offered', { version: offered, running: version }] as [string, DeviceEvent['detail']]]),
  ];
  if (state === 'withheld') list.push(['withheld', { version: offered, why }]);
  if (state === 'failed') list.push(['failed', { version: offered, because: 'left', why, inARow: device.failures }]);
  return list
    .map(([event, detail], index) => ({
      id: index + 1,
      atMs: lastSeenMs - (list.length - index) * 47_000,
      event,
      detail,
    }))
    .reverse();
}

function counts(names: readonly string[]): NamedCount[] {
  return [...Map.groupBy(names, (name) => name)].map(([name, all]) => ({ name, count: all.length }));
}
