// Owns the judgement what the end of a fill says of the image that is offered. Pure.
import type { GateError } from '../base/errors.ts';
import type { FillEnd } from '../firmware/fill.ts';
import type { OfferedImage } from '../ota/offer-case.ts';

/**
 * `end` is null where the fill still runs; `head` is what the first bytes tell. A transfer that broke off once says
 * nothing of the image, and the device's own download goes on with it: the offer goes out. One that breaks off again
 * would do so under the device too, and old firmware restarts at a body that ends early, for ever.
 */
export function imageAtEnd(end: FillEnd | null, goesOn: boolean, head: OfferedImage): OfferedImage {
  if (end?.kind !== 'failed' || (end.error.retry && !goesOn)) return head;
  return unusable(end.error);
}

export function unusable({ code, message }: GateError): OfferedImage {
  return { kind: 'unusable', code, why: message };
}
