// Owns what a gate asks control in the middle of an OTA check, and what it hears. A gate waits a short time for it.
import type { FailedBefore, OfferedImage } from '../ota/offer-case.ts';
import type { FirmwareAsk } from './firmware.ts';

/**
 * `offer`: what is known of the image behind a link, whose fill begins where it is not there. `admission`: whether a
 * rollout that lets in so many devices takes this one in.
 */
export type Question =
  | { about: 'offer'; ask: FirmwareAsk; device: string | null; client: string; version: string | null }
  | { about: 'admission'; rollout: string; device: string; client: string; limit: number };

export type Reply =
  | { about: 'offer'; image: OfferedImage; failed: FailedBefore | null }
  | { about: 'admission'; admitted: boolean };
