// Owns the errors of a fill: what is wrong with the bytes or with their way, and what to do about it.
import { errorCode, GateError } from '../base/errors.ts';
import type { ImageVerdict } from '../ota/image-verifier.ts';
import type { Place, Reply } from './fetch.ts';

/** The upstream has other bytes now than those that are there. Where its reply is still whole, it comes along. */
export class BytesChanged extends Error {
  readonly reply: Reply | null;
  readonly fault = new GateError('FIRMWARE_CHANGED', 'the firmware was replaced on the upstream while it was fetched', {
    fault: 'upstream',
  });

  constructor(reply: Reply | null) {
    super('the bytes changed');
    this.reply = reply;
  }
}

export function cutShort(upstream: string, have: number, length: number | null): GateError {
  const message = `upstream ${upstream} ended the firmware after ${have} of ${length ?? 'an unknown number of'} bytes`;
  return new GateError('UPSTREAM_RESET', message, { fault: 'upstream', retry: true });
}

export function corrupt(verdict: Extract<ImageVerdict, { ok: false }>): GateError {
  const { what, expected, found } = verdict;
  const message = `the firmware is corrupt, its ${what} is not right: expected ${expected}, found ${found}. Upload the file to the server once more`;
  return new GateError('FIRMWARE_CORRUPT', message, { fault: 'upstream', facts: { what, expected, found } });
}

export function merged(): GateError {
  const message =
    'this is a merged image (bootloader, partition table and app in one file), which no device can take over the air: upload the app alone; `otagate firmware extract` cuts it out';
  return new GateError('FIRMWARE_MERGED', message, { fault: 'upstream' });
}

export function unfit(why: string): GateError {
  return new GateError('FIRMWARE_UNFIT', `this file is no app image: ${why}`, { fault: 'upstream' });
}

export function tooLarge(bytes: number, most: number): GateError {
  const message = `the firmware has ${bytes} bytes, more than the ${most} that any device could take`;
  return new GateError('FIRMWARE_TOO_LARGE', message, { fault: 'upstream' });
}

/** Neither the disk nor memory takes the bytes. */
export function noRoom(cause: unknown): GateError {
  const message = `there is no room for this firmware, on the disk of stateDir or in memory (${errorCode(cause)}): make room there`;
  return new GateError('FIRMWARE_NO_ROOM', message, { fault: 'gate', status: 503, retry: true, cause });
}

/** What is not kept stands in memory, and so much of it already that no more may. */
export function noMemory(): GateError {
  const message = 'too many images that are not kept are on their way at this moment: ask again in a minute';
  return new GateError('FIRMWARE_NO_ROOM', message, { fault: 'gate', status: 503, retry: true });
}

/** The link leads to other firmware than the device that brought it was promised: it is of no use to anybody else. */
export function otherPromise(place: Place): GateError {
  const message = `a one-time link of upstream ${place.upstream} leads to another firmware than was promised with it`;
  return new GateError('FIRMWARE_LINK_DEAD', message, { fault: 'client', status: 404 });
}

/** An image that a rollout sends has left the store. */
export function notStored(): GateError {
  const message = 'this image is not in the store any more: `otagate firmware list` shows what is';
  return new GateError('FIRMWARE_UNKNOWN', message, { fault: 'gate', status: 404 });
}

/** More are asked for at a time than a server should be asked for. */
export function tooManyFills(): GateError {
  const message = 'many images are being fetched at this moment: ask again in a minute';
  return new GateError('FIRMWARE_NO_ROOM', message, { fault: 'gate', status: 503, retry: true });
}
