// Each rule withholds what it is for, says why, and nothing else; switched off, it withholds nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OFFER_RULES, type OfferRule } from '../../src/config/offers.ts';
import { judgeOffer } from '../../src/ota/offer.ts';
import type { OfferCase, OfferedApp, OfferedImage } from '../../src/ota/offer-case.ts';

const NOW = Date.UTC(2026, 11, 1);
const ELF = 'ab'.repeat(32);
const NONE: ReadonlySet<OfferRule> = new Set();

type Device = OfferCase['device'];

const app = (facts: Partial<OfferedApp> = {}, lengthBytes: number | null = 2_500_000): OfferedImage => ({
  kind: 'app',
  facts: { chip: 'esp32s3', project: 'xiaozhi', version: '2.0.1', elfSha256: ELF, ...facts },
  lengthBytes,
});
const unusable = (code: string): OfferedImage => ({ kind: 'unusable', code, why: 'it says why' });

function offer(changes: Partial<OfferCase> = {}, device: Partial<Device> = {}): OfferCase {
  return {
    version: '2.0.1',
    image: app(),
    device: {
      chip: 'esp32s3',
      slotBytes: 0x3f0000,
      layout: 'v2',
      version: '2.0.0',
      elfSha256: 'cd'.repeat(32),
      flashBytes: 16_777_216,
      ...device,
    },
    failed: null,
    nowMs: NOW,
    mostFailures: 3,
    ...changes,
  };
}

const failed = (times: number, hoursAgo: number) => ({ times, lastMs: NOW - hoursAgo * 3_600_000 });

const withheld: [what: string, offer: OfferCase, rule: OfferRule, why: RegExp][] = [
  ['a merged image', offer({ image: unusable('FIRMWARE_MERGED') }), 'merged', /it says why/],
  ['a corrupt one', offer({ image: unusable('FIRMWARE_CORRUPT') }), 'corrupt', /it says why/],
  ['what is no image', offer({ image: unusable('FIRMWARE_UNFIT') }), 'corrupt', /it says why/],
  ['one that is gone', offer({ image: unusable('FIRMWARE_LINK_DEAD') }), 'unavailable', /cannot be had: it says why/],
  ['one whose server is down', offer({ image: unusable('UPSTREAM_CONNECT') }), 'unavailable', /cannot be had/],
  ['a promised v2.1', offer({ version: 'v2.1' }), 'crashing-version', /restart for ever/],
  ['a promised part above 31 bits', offer({ version: '2.99999999999' }), 'crashing-version', /restart for ever/],
  ['v2.1 before its image is known', offer({ version: 'v2.1', image: { kind: 'unknown' } }), 'crashing-version', /./],
  ['an image that calls itself v2.0.1', offer({ image: app({ version: 'v2.0.1' }) }), 'crashing-version', /itself v2/],
  ['an image that calls itself nothing', offer({ image: app({ version: '' }) }), 'crashing-version', /itself nothing/],
  ['another chip', offer({ image: app({ chip: 'esp32c3' }) }), 'other-chip', /for esp32c3, the device has esp32s3/],
  ['an older version inside', offer({ image: app({ version: '2.0.0' }) }), 'version-mismatch', /2\.0\.0, not 2\.0\.1/],
  ['a newer version inside', offer({ image: app({ version: '2.0.2' }) }), 'version-mismatch', /2\.0\.2, not 2\.0\.1/],
  [
    'a byte too many',
    offer({ image: app({}, 0x3f0001) }),
    'slot-size',
    /4128769 bytes, the slot of the device 4128768/,
  ],
  ['a device without a slot', offer({}, { slotBytes: 0 }), 'slot-size', /no slot for an update/],
  ['half of a flash', offer({}, { slotBytes: null, flashBytes: 4_194_304 }), 'slot-size', /half of the 4194304/],
  ['2 on partitions of 1', offer({}, { layout: 'v1', version: '1.8.1' }), 'layout', /wants .* v2, .* those of v1/],
  ['1 on partitions of 2', offer({ version: '1.9', image: app({ version: '1.9' }) }), 'layout', /wants .* of v1/],
  [
    '2 on partitions of 1, by one that does not say what it runs',
    offer({}, { layout: 'v1', version: null }),
    'layout',
    /./,
  ],
  ['the build that runs', offer({}, { elfSha256: ELF.toUpperCase() }), 'same-build', /this very build/],
  ['a third failure', offer({ failed: failed(3, 1) }), 'failed-before', /3 times in a row .* 2026-11-30T23:00:00/],
];

describe('withheld', () => {
  for (const [what, made, rule, why] of withheld) {
    it(`${what}: ${rule}`, () => {
      const verdict = judgeOffer(made, NONE);
      assert.ok(verdict.verdict === 'withhold', JSON.stringify(verdict));
      assert.equal(verdict.rule, rule);
      assert.match(verdict.why, why);
      const allowed = judgeOffer(made, new Set([rule]));
      assert.ok(allowed.verdict === 'offer' || allowed.rule !== rule, 'switched off by its name');
    });
  }

  it('by every rule that there is', () => {
    assert.deepEqual(new Set(withheld.map(([, , rule]) => rule)), new Set(OFFER_RULES));
  });
});

const offered: [what: string, offer: OfferCase][] = [
  ['what fits', offer()],
  ['what fits to the byte', offer({ image: app({}, 0x3f0000) })],
  ['an image that nobody knows yet', offer({ image: { kind: 'unknown' } })],
  ['what is no app', offer({ image: { kind: 'other' } })],
  ['no version', offer({ version: null })],
  ['while the gate has no room', offer({ image: unusable('FIRMWARE_NO_ROOM') })],
  [
    'to a device that tells nothing',
    offer({}, { chip: null, slotBytes: null, layout: null, version: null, elfSha256: null, flashBytes: null }),
  ],
  ['a chip that is newer than this gate', offer({ image: app({ chip: 'chip-0x33' }) })],
  ['to partitions that say nothing', offer({}, { layout: null, version: '1.8.1' })],
  ['2 on partitions of 1 that run 2 already: versions of another maker', offer({}, { layout: 'v1', version: '2.0.0' })],
  ['a project of its own', offer({ image: app({ project: 'my-robot' }) }, { layout: 'v1', version: '1.0' })],
  ['an image without a hash', offer({ image: app({ elfSha256: '0'.repeat(64) }) }, { elfSha256: '0'.repeat(64) })],
  ['a second failure', offer({ failed: failed(2, 1) })],
  ['a third failure, a day ago', offer({ failed: failed(3, 24) })],
];

describe('offered', () => {
  for (const [what, made] of offered) it(what, () => assert.deepEqual(judgeOffer(made, NONE), { verdict: 'offer' }));
});
