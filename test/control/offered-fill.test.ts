// A transfer that broke off once withholds nothing; one that breaks off again, or bytes that are wrong, do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GateError } from '../../src/base/errors.ts';
import { imageAtEnd } from '../../src/control/offered-fill.ts';
import type { FillEnd } from '../../src/firmware/fill.ts';
import { cutShort, merged, unfit } from '../../src/firmware/fill-faults.ts';
import { usedUp } from '../../src/firmware/stale.ts';
import type { OfferedImage } from '../../src/ota/offer-case.ts';

const HEAD: OfferedImage = { kind: 'other' };
const failed = (error: GateError): FillEnd => ({ kind: 'failed', error, leftover: null, next: null });

function dead(): GateError {
  try {
    return usedUp();
  } catch (error) {
    assert.ok(error instanceof GateError);
    return error;
  }
}

const brokenOff = cutShort('full', 40_000, 400_000);
const cases: [what: string, end: FillEnd | null, goesOn: boolean, code: string | null][] = [
  ['a fill that still runs', null, false, null],
  ['one that goes on, and still runs', null, true, null],
  ['a transfer that broke off', failed(brokenOff), false, null],
  ['a transfer that broke off again', failed(brokenOff), true, 'UPSTREAM_RESET'],
  ['bytes that are no image', failed(unfit('a page')), false, 'FIRMWARE_UNFIT'],
  ['a merged image', failed(merged()), false, 'FIRMWARE_MERGED'],
  ['a link that leads nowhere', failed(dead()), false, 'FIRMWARE_LINK_DEAD'],
];

describe('of the image that is offered, it is told by', () => {
  for (const [what, end, goesOn, code] of cases)
    it(`${what}: ${code ?? 'its head'}`, () => {
      const image = imageAtEnd(end, goesOn, HEAD);
      if (code === null) assert.equal(image, HEAD);
      else assert.equal(image.kind === 'unusable' && image.code, code);
    });
});
