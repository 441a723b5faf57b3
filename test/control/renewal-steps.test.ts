// A renewal that takes its time is told of all along, so that nobody in between takes it for dead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RenewalStep, renewalSteps } from '../../src/control/admin/renewal-steps.ts';
import type { RenewOutcome } from '../../src/control/certificate-keeper.ts';

const OUTCOME: RenewOutcome = { kept: ['a.test'], renewed: [], faults: ['a.test (ecdsa): the CA is away'] };

test('it begins at once, goes on being told of, and ends with what came of it', async () => {
  const renewing = Promise.withResolvers<RenewOutcome>();
  const told: RenewalStep[] = [];
  for await (const step of renewalSteps(renewing.promise, 5)) {
    told.push(step);
    if (told.length === 4) renewing.resolve(OUTCOME);
  }
  assert.deepEqual(told[0], { step: 'ordering' });
  assert.deepEqual(new Set(told.slice(1, 4).map(({ step }) => step)), new Set(['waiting']));
  assert.deepEqual(told.at(-1), { step: 'done', ...OUTCOME });
});

test('one that is over at once waits for nothing', async () => {
  const told: string[] = [];
  for await (const { step } of renewalSteps(Promise.resolve(OUTCOME), 60_000)) told.push(step);
  assert.deepEqual(told, ['ordering', 'done']);
});

test('what it throws is thrown to its reader, and to nobody where there is none', async () => {
  const steps = renewalSteps(Promise.reject(new Error('no CA')), 60_000);
  await steps.next();
  await assert.rejects(steps.next(), /no CA/);
  await renewalSteps(Promise.reject(new Error('unheard')), 60_000).next();
  await new Promise((resolve) => setImmediate(resolve));
});
