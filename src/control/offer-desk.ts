// Owns the answers to what gates ask in the middle of an OTA check: what the image is that a device is offered, and how
// often it has failed on this device.
import { setTimeout as sleep } from 'node:timers/promises';
import { GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { FirmwareCache } from '../firmware/cache.ts';
import { merged } from '../firmware/fill-faults.ts';
import type { Found } from '../firmware/found.ts';
import { appOfFill, appOfImage } from '../firmware/image-app.ts';
import type { FirmwareAsk } from '../link/firmware.ts';
import type { GateLine } from '../link/messages.ts';
import type { Question } from '../link/questions.ts';
import type { FailedBefore, OfferedApp, OfferedImage } from '../ota/offer-case.ts';
import { imageAtEnd, unusable } from './offered-fill.ts';

export type OfferDeskParts = {
  cache: FirmwareCache;
  log: Log;
  /** Whether a rollout that lets in so many devices takes this one in. Never rejects. */
  admit: (rollout: string, device: string, client: string, limit: number) => Promise<boolean>;
  failedBefore: (device: string, version: string, client: string) => FailedBefore | null;
};

// Less than a gate waits: what is known late is better than nothing.
const PATIENCE_MS = 1_500;
const WHOLE_MS = 400;
const LATE = Symbol('late');

export class OfferDesk {
  readonly #parts: OfferDeskParts;

  constructor(parts: OfferDeskParts) {
    this.#parts = parts;
  }

  /** Answers one gate. Never throws. */
  async answer(id: number, question: Question, gate: GateLine): Promise<void> {
    if (question.about === 'admission') {
      const { rollout, device, client, limit } = question;
      const admitted = await this.#parts.admit(rollout, device, client, limit);
      return gate({ kind: 'reply', question: id, reply: { about: 'admission', admitted } });
    }
    const { ask, device, client, version } = question;
    const image = await this.#look(ask);
    const failed = device === null || version === null ? null : this.#parts.failedBefore(device, version, client);
    gate({ kind: 'reply', question: id, reply: { about: 'offer', image, failed } });
  }

  /** What a link leads to; where nobody knows it yet, its fill begins, so that the image is there in a moment. */
  async #look(ask: FirmwareAsk): Promise<OfferedImage> {
    const late = Promise.withResolvers<typeof LATE>();
    const timer = setTimeout(() => late.resolve(LATE), PATIENCE_MS);
    try {
      const found = await Promise.race([this.#find(ask), late.promise]);
      return found === LATE ? this.#knownOf(ask) : found;
    } finally {
      clearTimeout(timer);
    }
  }

  async #find(ask: FirmwareAsk): Promise<OfferedImage> {
    const { cache, log } = this.#parts;
    try {
      return await this.#imageOf(await cache.ask(ask));
    } catch (error) {
      if (!(error instanceof GateError)) {
        log.error({ event: 'look-failed', err: error }, 'a firmware that is offered could not be looked at');
        return { kind: 'unknown' };
      }
      const { code, message } = error;
      log.warn({ event: 'look-failed', code, detail: message }, `firmware that is offered cannot be had: ${message}`);
      return unusable(error);
    }
  }

  async #imageOf(found: Found): Promise<OfferedImage> {
    if (found.kind === 'image') return this.#kept(found.sha256);
    if (found.kind === 'passing') return appOrOther(found.image.app, found.image.length);
    const { fill } = found;
    // Where it was corrupt or broke off the last time, its head alone says nothing good of it. Else it is waited for as
    // long as nobody notices: from a server nearby, all of an image is there in that time, and what is wrong with it is
    // known.
    const failedLast = fill.name !== null && this.#parts.cache.fills.failedLast(fill.name) !== null;
    const whole = failedLast || fill.goesOn;
    const end = await (whole ? fill.done : Promise.race([fill.done, sleep(WHOLE_MS, null, { ref: false })]));
    if (end?.kind === 'failed') {
      const { code, message } = end.error;
      this.#parts.log.warn({ event: 'look-failed', code, detail: message }, `firmware that is offered: ${message}`);
    }
    return imageAtEnd(end, whole, appOrOther(appOfFill(fill), fill.length));
  }

  #kept(sha256: string): OfferedImage {
    const image = this.#parts.cache.library.image(sha256);
    if (image === undefined) return { kind: 'unknown' };
    if (image.kind === 'merged') return unusable(merged());
    return appOrOther(appOfImage(image), image.length);
  }

  /** Without waiting for anyone. */
  #knownOf(ask: FirmwareAsk): OfferedImage {
    if (ask.stored !== null) return this.#kept(ask.stored);
    const { name, sha256 } = this.#parts.cache.known(ask);
    if (sha256 !== null) return this.#kept(sha256);
    const failed = name === null ? null : this.#parts.cache.fills.failedLast(name);
    return failed === null ? { kind: 'unknown' } : unusable(failed);
  }
}

function appOrOther(app: OfferedApp | null, lengthBytes: number | null): OfferedImage {
  return app === null ? { kind: 'other' } : { kind: 'app', facts: app, lengthBytes };
}
