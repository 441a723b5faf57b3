// Owns what an image says of itself, wherever it stands: in the catalogue, or on its way.
import { type AppFacts, judgeHead } from '../ota/image.ts';
import type { OfferedApp } from '../ota/offer-case.ts';
import type { KeptImage } from '../store/catalogue.ts';
import type { Fill } from './fill.ts';

/** Of an image that is kept; null for what is no app. */
export function appOfImage({ kind, facts }: Pick<KeptImage, 'kind' | 'facts'>): OfferedApp | null {
  if (kind !== 'app') return null;
  const text = (name: keyof AppFacts): string => String(facts[name] ?? '');
  return { chip: text('chip'), project: text('project'), version: text('version'), elfSha256: text('elfSha256') };
}

/** Of an image whose head is here; null before that, and for what is no app. */
export function appOfFill({ appHead, length }: Pick<Fill, 'appHead' | 'length'>): OfferedApp | null {
  if (appHead === null) return null;
  const verdict = judgeHead(Buffer.from(appHead, 'hex'), length);
  return verdict.kind === 'app' ? verdict.facts : null;
}
