// Owns the rules of the file itself: whether it can be had, and whether it is an image for the air.
import type { Rule } from '../offer-case.ts';

const CORRUPT = new Set(['FIRMWARE_CHANGED', 'FIRMWARE_CORRUPT', 'FIRMWARE_TOO_LARGE', 'FIRMWARE_UNFIT']);
// The gate's own trouble, which passes: a device that is offered the image now comes for it in a moment.
const OURS = new Set(['FIRMWARE_NO_ROOM', 'INTERNAL']);

export const merged: Rule = ({ image }) =>
  image.kind === 'unusable' && image.code === 'FIRMWARE_MERGED' ? image.why : null;

export const corrupt: Rule = ({ image }) => (image.kind === 'unusable' && CORRUPT.has(image.code) ? image.why : null);

/** Firmware 1.5–1.7 restarts after a download that failed, asks again, and so for ever. */
export const unavailable: Rule = ({ image }) => {
  if (image.kind !== 'unusable' || image.code === 'FIRMWARE_MERGED') return null;
  if (CORRUPT.has(image.code) || OURS.has(image.code)) return null;
  return `the image cannot be had: ${image.why}`;
};
