// Owns the rules against doing the same again: what runs already, and what has failed again and again.
import type { Rule } from '../offer-case.ts';

const WHOLE_HASH = /^[0-9a-f]{64}$/;
const NO_HASH = /^0*$/;
// Somebody may have mended what made it fail: once a day is often enough to find out.
const REST_MS = 86_400_000;

/** The hash is that of the program before it became an image, which a device reports of what it runs. */
export const sameBuild: Rule = ({ image, device }) => {
  if (image.kind !== 'app' || device.elfSha256 === null) return null;
  const { elfSha256 } = image.facts;
  if (!WHOLE_HASH.test(elfSha256) || NO_HASH.test(elfSha256)) return null;
  return elfSha256 === device.elfSha256.toLowerCase() ? 'the device runs this very build already' : null;
};

export const failedBefore: Rule = ({ failed, mostFailures, nowMs }) => {
  if (failed === null || failed.times < mostFailures || Math.abs(nowMs - failed.lastMs) >= REST_MS) return null;
  return `it failed ${failed.times} times in a row on this device, at this address, for the last time ${new Date(failed.lastMs).toISOString()}: it is offered again a day later, or in another version`;
};
