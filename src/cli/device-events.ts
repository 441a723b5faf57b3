// Owns how an event of a device is told: as a sentence, with what else it says beside.
import { printable } from '../base/printable.ts';
import type { Detail } from '../ota/device-record.ts';
import type { DeviceEvent } from '../store/history.ts';
import type { Context } from './context.ts';
import type { DeviceWords } from './device-words.ts';
import type { Tone } from './paint.ts';
import { megabytes } from './progress-bar.ts';
import { duration } from './times.ts';
import { worded } from './worded.ts';

type Say = { value: (name: string) => string; size: (name: string) => string; reason: () => string };

type Teller = {
  tone?: Tone;
  /** Names of details that the sentence says already. */
  used: readonly string[];
  sentence: (events: DeviceWords['events'], say: Say) => string;
};

/** By the gate's own names (`src/ota/outcome.ts`). One that is not known is told by its name. */
const TELLERS: Readonly<Record<string, Teller>> = {
  offered: {
    used: ['version', 'running'],
    sentence: (events, { value }) => events.offered(value('version'), value('running')),
  },
  'no-offer': { used: ['version'], sentence: (events, { value }) => events.noOffer(value('version')) },
  'not-newer': {
    used: ['version', 'running'],
    sentence: (events, { value }) => events.notNewer(value('version'), value('running')),
  },
  withheld: {
    tone: 'warning',
    used: ['version', 'why'],
    sentence: (events, { value }) => events.withheld(value('version'), value('why')),
  },
  'reply-unread': {
    tone: 'warning',
    used: ['version'],
    sentence: (events, { value }) => events.replyUnread(value('version')),
  },
  'download-begun': { used: ['version'], sentence: (events, { value }) => events.downloadBegun(value('version')) },
  'download-ended': {
    used: ['version', 'bytes', 'length', 'complete'],
    sentence: (events, { value, size }) => events.downloadComplete(value('version'), size('bytes')),
  },
  'download-broken': {
    tone: 'warning',
    used: ['version', 'bytes', 'length', 'complete'],
    sentence: (events, { value, size }) => events.downloadBroken(value('version'), size('bytes'), size('length')),
  },
  'fill-failed': {
    tone: 'bad',
    used: ['version', 'code'],
    sentence: (events, { value }) => events.fillFailed(value('version'), value('code')),
  },
  'checked-again': {
    used: ['version', 'downloading'],
    sentence: (events, { value }) => events.checkedAgain(value('downloading')),
  },
  upgraded: {
    tone: 'good',
    used: ['from', 'to'],
    sentence: (events, { value }) => events.upgraded(value('from'), value('to')),
  },
  reinstalled: { tone: 'good', used: ['from', 'to'], sentence: (events, { value }) => events.reinstalled(value('to')) },
  failed: {
    tone: 'bad',
    used: ['version', 'because'],
    sentence: (events, { value, reason }) => events.failed(value('version'), reason()),
  },
  'version-changed': {
    used: ['from', 'to'],
    sentence: (events, { value }) => events.versionChanged(value('from'), value('to')),
  },
  'board-changed': {
    tone: 'warning',
    used: ['from', 'to'],
    sentence: (events, { value }) => events.boardChanged(value('from'), value('to')),
  },
  quiet: { used: ['why'], sentence: (events) => events.quiet },
};

export const KNOWN_EVENTS = Object.keys(TELLERS);

const MAX_VALUE = 200;

/** The sentence, and the rest of the details on one line. All of it may hold what a device sent. */
export function tellEvent({ event, detail }: DeviceEvent, context: Context): [sentence: string, rest: string] {
  const { words, terminal } = context;
  const kind = event === 'download-ended' && detail.complete === false ? 'download-broken' : event;
  const teller = Object.hasOwn(TELLERS, kind) ? TELLERS[kind] : undefined;
  const rest = words.list(
    Object.entries(detail)
      .filter(
        ([name, value]) => teller?.used.includes(name) !== true && value !== null && value !== '' && value !== false,
      )
      .map(([name, value]) => tellDetail(name, value, context)),
  );
  if (teller === undefined) return [printable(event), rest];
  const sentence = teller.sentence(words.devices.events, sayings(detail, words.devices));
  return [teller.tone === undefined ? sentence : terminal.paint[teller.tone](sentence), rest];
}

function sayings(detail: Detail, words: DeviceWords): Say {
  const value = (name: string): string => {
    const found = detail[name];
    return found === undefined || found === null || found === '' ? '?' : printable(String(found), MAX_VALUE);
  };
  const size = (name: string): string => {
    const bytes = detail[name];
    return typeof bytes === 'number' ? `${megabytes(bytes)} MB` : '?';
  };
  return { value, size, reason: () => worded(words.because, value('because')) };
}

function tellDetail(name: string, value: Detail[string], { words }: Context): string {
  const called = worded(words.devices.names, name);
  if (value === true) return called;
  if (typeof value === 'string') return `${called} ${printable(value, MAX_VALUE)}`;
  if (name === 'bytes' || name === 'length') return `${called} ${megabytes(Number(value))} MB`;
  if (name.endsWith('Ms')) return `${called} ${Number(value) / 1000} ${words.units.second}`;
  return `${called} ${name === 'seconds' ? duration(Number(value) * 1000, words.units) : value}`;
}
