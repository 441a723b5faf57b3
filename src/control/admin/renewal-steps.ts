// Owns what a renewal by command tells on its way: a CA may take minutes, and a gate in between gives up on silence.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { RenewOutcome } from '../certificate-keeper.ts';

type Described<T> = { [Key in keyof T]: z.ZodType };

const outcome = {
  kept: z.array(z.string()),
  renewed: z.array(z.string()),
  faults: z.array(z.string()),
} satisfies Described<RenewOutcome>;

export const renewalStepSchema = z.discriminatedUnion('step', [
  z.object({ step: z.literal('ordering') }),
  z.object({ step: z.literal('waiting'), seconds: z.int().describe('since it began') }),
  z.object({ step: z.literal('done'), ...outcome }),
  z.object({ step: z.literal('failed'), what: z.string(), detail: z.string() }),
]);
export type RenewalStep = z.infer<typeof renewalStepSchema>;

/** Less than the shortest patience between us and whoever waits. */
export const BEAT_MS = 10_000;

/** Says that it begins, then every `beatMs` that it goes on, and at last what came of it. A reader that leaves ends no order. */
export async function* renewalSteps(
  renewing: Promise<RenewOutcome>,
  beatMs: number = BEAT_MS,
): AsyncGenerator<RenewalStep> {
  const begunMs = performance.now();
  renewing.catch(() => {}); // it is thrown below, to whoever still reads
  yield { step: 'ordering' };
  for (;;) {
    const beat = new AbortController();
    const next = await Promise.race([renewing, sleep(beatMs, null, { signal: beat.signal, ref: false })]).finally(() =>
      beat.abort(),
    );
    if (next !== null) return yield { step: 'done', ...next };
    yield { step: 'waiting', seconds: Math.round((performance.now() - begunMs) / 1000) };
  }
}
