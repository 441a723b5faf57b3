// Owns the languages of the page: one dictionary for each, of the same shape, and which one is spoken.
import { certificates } from './words/certificates.ts';
import { concerns } from './words/concerns.ts';
import { devices } from './words/devices.ts';
import { doctor } from './words/doctor.ts';
import { firmware } from './words/firmware.ts';
import { frame } from './words/frame.ts';
import { log } from './words/log.ts';
import { openings } from './words/openings.ts';
import { overview } from './words/overview.ts';
import { rollouts } from './words/rollouts.ts';
import { timeline } from './words/timeline.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

const TOPICS = {
  frame,
  overview,
  concerns,
  openings,
  devices,
  timeline,
  firmware,
  rollouts,
  certificates,
  doctor,
  log,
};

export type Words = { [Topic in keyof typeof TOPICS]: (typeof TOPICS)[Topic]['en'] };

export const DICTIONARIES: Record<Language, Words> = { en: pick('en'), zh: pick('zh') };

function pick(language: Language): Words {
  return {
    frame: TOPICS.frame[language],
    overview: TOPICS.overview[language],
    concerns: TOPICS.concerns[language],
    openings: TOPICS.openings[language],
    devices: TOPICS.devices[language],
    timeline: TOPICS.timeline[language],
    firmware: TOPICS.firmware[language],
    rollouts: TOPICS.rollouts[language],
    certificates: TOPICS.certificates[language],
    doctor: TOPICS.doctor[language],
    log: TOPICS.log[language],
  };
}

/** The language to begin with: what was chosen, else what the browser asks for. */
export function firstLanguage(chosen: string | null, asked: readonly string[]): Language {
  const known = LANGUAGES.find((language) => language === chosen);
  if (known !== undefined) return known;
  const first = asked.find((language) => /^(en|zh)\b/i.test(language));
  return first?.toLowerCase().startsWith('zh') === true ? 'zh' : 'en';
}

/** For the `lang` of the page, so that a screen reader speaks it and Chinese gets Chinese glyphs. */
export function tagOf(language: Language): string {
  return language === 'zh' ? 'zh-Hans' : 'en';
}
