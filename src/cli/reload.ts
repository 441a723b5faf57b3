// Carries out `otagate reload`: what SIGHUP does, and says what changed, or every fault.
import type { ReloadOutcome } from '../control/reload-outcome.ts';
import { askGateAtLength } from './admin-client.ts';
import { bodyOf, tellFailure } from './answer.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';

export async function reload(context: Context): Promise<number> {
  const { terminal, words, json } = context;
  const reply = await askGateAtLength(context, 'POST', '/api/v1/reload');
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const outcome = bodyOf<ReloadOutcome>(reply);
  if (json) terminal.printJson(outcome);
  else if (outcome.ok) {
    terminal.tell(...outcome.warnings);
    terminal.print(words.gate.reloaded(words.list(outcome.changed)));
  } else terminal.tell(words.gate.reloadRefused, ...outcome.faults);
  return outcome.ok ? EXIT.well : EXIT.no;
}
