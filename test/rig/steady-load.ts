// Owns a load of requests one after another, which goes on while something happens to what serves them.
import { setTimeout as sleep } from 'node:timers/promises';

export type SteadyLoad = {
  /** What was wrong with those that failed. */
  failures: string[];
  /** Until the slowest of them was answered. */
  slowestMs: () => number;
  /** Ends it; gives how many there were. */
  done: () => Promise<number>;
};

const LONGEST_MS = 120_000;

/** `request` says what was wrong, or null. One that rejects has failed, too. */
export function steadyLoad(request: () => Promise<string | null>, pauseMs = 20): SteadyLoad {
  const failures: string[] = [];
  let running = true;
  let times = 0;
  let slowestMs = 0;
  const ended = (async () => {
    // A test that failed before its end must not go on for ever.
    for (const endMs = performance.now() + LONGEST_MS; running && performance.now() < endMs; ) {
      const begunMs = performance.now();
      const fault = await request().catch((error: unknown) => String(error));
      if (fault !== null) failures.push(fault);
      slowestMs = Math.max(slowestMs, performance.now() - begunMs);
      times += 1;
      await sleep(pauseMs);
    }
  })();
  return {
    failures,
    slowestMs: () => slowestMs,
    done: async () => {
      running = false;
      await ended;
      return times;
    },
  };
}
