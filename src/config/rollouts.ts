// Owns the rollouts of the file: who is offered what, and how fast.
import { z } from 'zod';
import { leaf, NUMBER_OR_TEXT } from './leaf.ts';
import { asCidr, readNetworks } from './networks.ts';
import { good, oneOrMore, type Reading, readInteger, readText, unfit, wrong } from './reading.ts';
import { between, readDuration, writeDuration } from './units.ts';

export const ROLLOUT_ACTIONS = ['offer', 'hold', 'pin', 'via'] as const;
export type RolloutAction = (typeof ROLLOUT_ACTIONS)[number];

export type WaveSize = { percent: number } | { devices: number };

export type RolloutConfig = {
  name: string;
  action: RolloutAction;
  /** What pin and via offer; the only one that offer lets through. Null: whatever is offered. */
  version: string | null;
  /** via: only to devices that run something older. */
  below: string | null;
  /** Each of them empty: all. Networks in CIDR notation; devices in lower case. */
  boards: string[];
  devices: string[];
  networks: string[];
  versions: string[];
  /** Of the devices that fit: 0 to 100. */
  percent: number;
  waves: { size: WaveSize; pauseMs: number } | null;
  /** Stops by itself for a board when more than this share of its outcomes are failures, `least` of them at the least. */
  stop: { percent: number; least: number; addresses: number };
};

/** Names go on command lines and into logs. */
export const ROLLOUT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
// What devices can parse (`src/ota/version.ts` holds the same).
const VERSION = /^\d{1,9}(\.\d{1,9})*$/;
const VERSION_EXPECTED = 'a version such as 2.0.1: numbers and points, and nothing else';
const NAME_EXPECTED = 'letters, digits, points, - and _, 64 at most, beginning with a letter or a digit';

export function readVersion(value: unknown): Reading<string> {
  if (typeof value === 'number') return wrong('is a number', `${VERSION_EXPECTED}, in quotes`, `'${value}'`);
  const text = readText(VERSION_EXPECTED, 64)(value);
  if (!text.ok || VERSION.test(text.value)) return text;
  const bare = text.value.replace(/^[vV]/, '');
  return wrong('is no version that devices can parse', VERSION_EXPECTED, VERSION.test(bare) ? bare : undefined);
}

function readName(value: unknown): Reading<string> {
  const text = readText(NAME_EXPECTED)(value);
  return !text.ok || ROLLOUT_NAME.test(text.value) ? text : wrong('is not a name', NAME_EXPECTED);
}

/** `10%` or 10, with as many decimals as somebody likes. */
function readPercent(value: unknown): Reading<number> {
  const expected = 'a percentage from 0 to 100, such as 10 or 10%';
  const number =
    typeof value === 'string' ? Number(/^(\d{1,3}(?:\.\d{1,6})?) ?%?$/.exec(value)?.[1] ?? Number.NaN) : value;
  if (typeof number !== 'number') return unfit(value, expected);
  return number >= 0 && number <= 100 ? good(number) : wrong('is no percentage', expected);
}

function readWaveSize(value: unknown): Reading<WaveSize> {
  const expected = 'a share such as 10%, or a number of devices';
  if (typeof value === 'string' && value.includes('%')) {
    const percent = readPercent(value);
    if (!percent.ok) return percent;
    return percent.value > 0 ? good({ percent: percent.value }) : wrong('would let nobody in', expected);
  }
  const devices = readInteger('a number of devices', 1, 1_000_000)(value);
  return devices.ok ? good({ devices: devices.value }) : wrong('is no size of a wave', expected);
}

function readDeviceName(value: unknown): Reading<string> {
  const text = readText('a Device-Id, such as aa:bb:cc:dd:ee:ff', 64)(value);
  return text.ok ? good(text.value.toLowerCase()) : text;
}

const TEXT_OR_LIST = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
const MAX_DEVICES = 10_000;

const rollout = z
  .strictObject({
    name: leaf(readName, { description: 'What commands and logs call it.', type: 'string' }),
    action: z.enum(ROLLOUT_ACTIONS).meta({
      description:
        'offer: let the upstream’s offer through. hold: offer nothing. pin: offer one version of the store, also an older one. via: offer one version of the store to devices that run something older than below.',
    }),
    version: leaf(readVersion, {
      description: 'pin and via: what is offered. offer: the only version that goes through. Left out: any.',
      type: 'string',
    }).optional(),
    below: leaf(readVersion, {
      description: 'via: only to devices that run something older.',
      type: 'string',
    }).optional(),
    boards: leaf(oneOrMore(readText('a board', 64), 200), { description: 'Left out: all.', ...TEXT_OR_LIST }).prefault(
      [],
    ),
    devices: leaf(oneOrMore(readDeviceName, MAX_DEVICES), { description: 'Left out: all.', ...TEXT_OR_LIST }).prefault(
      [],
    ),
    networks: leaf(readNetworks, {
      description: 'Where they come from. Left out: anywhere.',
      ...TEXT_OR_LIST,
    }).prefault([]),
    versions: leaf(oneOrMore(readText('a version', 64), 200), {
      description: 'What they run. Left out: anything.',
      ...TEXT_OR_LIST,
    }).prefault([]),
    percent: leaf(readPercent, {
      description: 'Of the devices that fit, always the same ones. offer, pin and via hold the others.',
      type: ['number', 'string'],
    }).prefault(100),
    waves: z
      .strictObject({
        size: leaf(readWaveSize, {
          description: 'How many more with each wave: a share such as 10%, or a number of devices.',
          type: ['integer', 'string'],
          examples: ['10%', 50],
        }),
        pause: leaf(between(readDuration, 1000, 90 * 86_400_000, writeDuration), {
          description: 'From the beginning of one wave to that of the next. From 1s to 90d.',
          type: 'string',
        }).prefault('1h'),
      })
      .optional()
      .meta({ description: 'One wave after the other. Left out: all at once.' }),
    stop: z
      .strictObject({
        failures: leaf(readPercent, {
          description: 'More than this share of a board’s outcomes are failures.',
          type: ['number', 'string'],
        }).prefault('20%'),
        least: leaf(readInteger('a number of devices', 1, 100_000), {
          description: 'So many devices have failed at the least.',
          ...NUMBER_OR_TEXT,
        }).prefault(3),
        addresses: leaf(readInteger('a number of addresses', 1, 64), {
          description: 'From so many client addresses at the least: one somebody must not stop it for all.',
          ...NUMBER_OR_TEXT,
        }).prefault(3),
      })
      .prefault({})
      .meta({ description: 'Stops by itself, for a board.' }),
  })
  .meta({ description: 'Who is offered what. The first that fits a device decides.' });

export const rolloutsSchema = z
  .array(rollout)
  .max(100)
  .prefault([])
  .meta({ description: 'Who is offered what. Devices that fit none get what the upstream offers.' });

export type RolloutInput = z.output<typeof rollout>;

/** A rollout of the file under its names inside. */
export function rolloutFrom(input: RolloutInput): RolloutConfig {
  const { name, action, boards, devices, versions, percent } = input;
  return {
    name,
    action,
    version: input.version ?? null,
    below: input.below ?? null,
    boards,
    devices,
    networks: input.networks.map(asCidr),
    versions,
    percent,
    waves: input.waves === undefined ? null : { size: input.waves.size, pauseMs: input.waves.pause },
    stop: { percent: input.stop.failures, least: input.stop.least, addresses: input.stop.addresses },
  };
}

/** A rollout as the file writes it. */
export function writeRollout({ waves, stop, version, below, ...rest }: RolloutConfig): Record<string, unknown> {
  return {
    ...rest,
    ...(version === null ? {} : { version }),
    ...(below === null ? {} : { below }),
    ...(waves === null
      ? {}
      : {
          waves: {
            size: 'percent' in waves.size ? `${waves.size.percent}%` : waves.size.devices,
            pause: writeDuration(waves.pauseMs),
          },
        }),
    stop: { failures: `${stop.percent}%`, least: stop.least, addresses: stop.addresses },
  };
}
