// A reporter beside the visible one: counts, which tests a missing peer cost, and an end for a run that hangs.
import { MISSING } from './peers.mjs';

// The runner's own limit is for tests, not for a file that all tests have left and a forgotten timer keeps alive.
const SILENCE_MS = Number(process.env.OTAGATE_TEST_SILENCE_MS ?? 240_000);

export default async function* watch(source) {
  const timer = setTimeout(() => {
    console.error(`\nNo test began or ended for ${SILENCE_MS / 1000} s. Stopping; what still runs is named below.`);
    process.kill(process.pid, 'SIGTERM');
  }, SILENCE_MS);
  for await (const { type, data } of source) {
    timer.refresh();
    if (type === 'test:pass' && typeof data.skip === 'string' && data.skip.startsWith(MISSING)) {
      yield `${JSON.stringify({ skip: data.skip })}\n`;
    }
    // The one without a file is for the whole run.
    if (type === 'test:summary' && data.file === undefined) yield `${JSON.stringify({ counts: data.counts })}\n`;
  }
  clearTimeout(timer);
}
