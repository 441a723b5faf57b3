// Owns the history of a device in words: each event as a sentence, with what else it says beside.
import type { Detail, DeviceEvent } from '../api.ts';
import type { Words } from '../words.ts';
import { detailsText } from './details.ts';
import type { Format } from './format.ts';
import { visible, visibleValue } from './visible.ts';

export type Told = {
  tone: 'good' | 'busy' | 'warning' | 'fault' | 'mute';
  icon: 'seen' | 'well' | 'offered' | 'withheld' | 'download' | 'fault' | 'rebooting' | 'upgraded' | 'note';
  title: string;
  text: string;
};

type Teller = {
  tone: Told['tone'];
  icon: Told['icon'];
  /** Names of details that the sentence says already. */
  used: readonly string[];
  title: (words: Words['timeline'], say: Say) => string;
};

/** What the details hold, ready to be put into a sentence. */
type Say = { value: (name: string) => string; bytes: (name: string) => string; reason: () => string };

/** By the gate's own names of events. One that the page does not know is shown as it is. */
const TELLERS: Readonly<Record<string, Teller>> = {
  offered: {
    tone: 'busy',
    icon: 'offered',
    used: ['version', 'running'],
    title: (words, { value }) => words.offered(value('version'), value('running')),
  },
  'no-offer': {
    tone: 'good',
    icon: 'well',
    used: ['version'],
    title: (words, { value }) => words.noOffer(value('version')),
  },
  'not-newer': {
    tone: 'mute',
    icon: 'note',
    used: ['version', 'running'],
    title: (words, { value }) => words.notNewer(value('version'), value('running')),
  },
  withheld: {
    tone: 'warning',
    icon: 'withheld',
    used: ['version', 'why'],
    title: (words, { value }) => words.withheld(value('version'), value('why')),
  },
  'reply-unread': {
    tone: 'warning',
    icon: 'fault',
    used: ['version'],
    title: (words, { value }) => words.replyUnread(value('version')),
  },
  'download-begun': {
    tone: 'busy',
    icon: 'download',
    used: ['version'],
    title: (words, { value }) => words.downloadBegun(value('version')),
  },
  'download-ended': {
    tone: 'busy',
    icon: 'download',
    used: ['version', 'bytes', 'length', 'complete'],
    title: (words, { value, bytes }) => words.downloadComplete(value('version'), bytes('bytes')),
  },
  'download-broken': {
    tone: 'warning',
    icon: 'fault',
    used: ['version', 'bytes', 'length', 'complete'],
    title: (words, { value, bytes }) => words.downloadBroken(value('version'), bytes('bytes'), bytes('length')),
  },
  'fill-failed': {
    tone: 'fault',
    icon: 'fault',
    used: ['version', 'code'],
    title: (words, { value }) => words.fillFailed(value('version'), value('code')),
  },
  'checked-again': {
    tone: 'mute',
    icon: 'rebooting',
    used: ['version', 'downloading'],
    title: (words, { value }) => words.checkedAgain(value('downloading')),
  },
  upgraded: {
    tone: 'good',
    icon: 'upgraded',
    used: ['from', 'to'],
    title: (words, { value }) => words.upgraded(value('from'), value('to')),
  },
  reinstalled: {
    tone: 'good',
    icon: 'upgraded',
    used: ['from', 'to'],
    title: (words, { value }) => words.reinstalled(value('to')),
  },
  failed: {
    tone: 'fault',
    icon: 'fault',
    used: ['version', 'because'],
    title: (words, { value, reason }) => words.failed(value('version'), reason()),
  },
  'version-changed': {
    tone: 'mute',
    icon: 'note',
    used: ['from', 'to'],
    title: (words, { value }) => words.versionChanged(value('from'), value('to')),
  },
  'board-changed': {
    tone: 'warning',
    icon: 'note',
    used: ['from', 'to'],
    title: (words, { value }) => words.boardChanged(value('from'), value('to')),
  },
  quiet: { tone: 'mute', icon: 'note', used: [], title: (words) => words.quiet },
};

export const KNOWN_EVENTS = Object.keys(TELLERS);

export function tellEvent({ event, detail }: DeviceEvent, words: Words['timeline'], format: Format): Told {
  const kind = event === 'download-ended' && detail.complete === false ? 'download-broken' : event;
  const teller = Object.hasOwn(TELLERS, kind) ? TELLERS[kind] : undefined;
  const rest = Object.entries(detail).filter(([name]) => teller?.used.includes(name) !== true);
  const text = detailsText(Object.fromEntries(rest), words.names, format);
  if (teller === undefined) return { tone: 'mute', icon: 'note', title: visible(event, 60), text };
  const { tone, icon } = teller;
  return { tone, icon, title: teller.title(words, sayings(detail, words, format)), text };
}

function sayings(detail: Record<string, Detail>, words: Words['timeline'], format: Format): Say {
  const value = (name: string): string => visibleValue(detail[name] === '' ? null : detail[name], 200);
  return {
    value,
    bytes: (name) => (typeof detail[name] === 'number' ? format.bytes(detail[name]) : '–'),
    reason: () => (words.because as Readonly<Record<string, string>>)[String(detail.because)] ?? value('because'),
  };
}
