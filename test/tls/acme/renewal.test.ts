// When a certificate is due, and how long to wait after a failure: tables, no clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renewalDueMs, retryPauseMs } from '../../../src/tls/acme/renewal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const LIVES: [name: string, lifeMs: number, left: number][] = [
  ['90 days', 90 * DAY, 30 * DAY],
  ['45 days', 45 * DAY, 15 * DAY],
  ['160 hours', 160 * HOUR, (160 * HOUR) / 3],
  ['20 seconds', 20_000, 20_000 / 3],
];

for (const [name, lifeMs, left] of LIVES) {
  test(`${name}: when a third is left, or a tenth of that third earlier`, () => {
    const validity = { notBeforeMs: 1_000 * DAY, notAfterMs: 1_000 * DAY + lifeMs };
    const leftAt = (jitter: number): number => validity.notAfterMs - renewalDueMs(validity, null, jitter);
    const near = (actual: number, expected: number): void =>
      assert.ok(Math.abs(actual - expected) < 1, `${actual} is not ${expected}`);
    near(leftAt(0), left);
    near(leftAt(0.5), left * 1.05);
    near(leftAt(1), left * 1.1);
  });
}

const VALIDITY = { notBeforeMs: 0, notAfterMs: 90 * DAY };

test('a window of the CA counts before the lifetime', () => {
  const window = { startMs: 10 * DAY, endMs: 12 * DAY };
  assert.equal(renewalDueMs(VALIDITY, window, 0), 10 * DAY);
  assert.equal(renewalDueMs(VALIDITY, window, 0.25), 10.5 * DAY);
  assert.equal(renewalDueMs(VALIDITY, window, 1), 12 * DAY);
});

test('a window that is past is due at once, one before the certificate too', () => {
  assert.equal(renewalDueMs(VALIDITY, { startMs: -DAY, endMs: -1 }, 1), -1);
});

test('a window past the end of the certificate leaves time for tries that fail', () => {
  assert.equal(renewalDueMs(VALIDITY, { startMs: 89 * DAY, endMs: 95 * DAY }, 0), 75 * DAY);
  assert.equal(renewalDueMs(VALIDITY, { startMs: 70 * DAY, endMs: 95 * DAY }, 0.2), 75 * DAY);
});

test('a window without length is a point; one that ends before it begins does not count', () => {
  assert.equal(renewalDueMs(VALIDITY, { startMs: 5, endMs: 5 }, 0.7), 5);
  assert.equal(renewalDueMs(VALIDITY, { startMs: 5 * DAY, endMs: 4 * DAY }, 0), 60 * DAY);
});

test('pauses double from a minute to a day, and stay there', () => {
  const pauses = Array.from({ length: 14 }, (_, index) => retryPauseMs(index + 1, null, 0) / MINUTE);
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440, 1440]);
  assert.equal(retryPauseMs(1_000_000, null, 0), DAY);
  assert.equal(retryPauseMs(0, null, 0), MINUTE, 'never none');
});

test('a fifth of jitter, upwards', () => {
  assert.equal(retryPauseMs(1, null, 1), 1.2 * MINUTE);
  assert.equal(retryPauseMs(30, null, 0.5), 1.1 * DAY);
});

test('never shorter than Retry-After, which is believed up to a week', () => {
  assert.equal(retryPauseMs(1, 3 * HOUR, 0), 3 * HOUR);
  assert.equal(retryPauseMs(1, 30_000, 0), MINUTE, 'our own pause is the longer one');
  assert.equal(retryPauseMs(12, 3 * HOUR, 0), DAY);
  assert.equal(retryPauseMs(1, 365 * DAY, 0), 7 * DAY);
});
