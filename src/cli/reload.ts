// Carries out `otagate reload`: what SIGHUP does, and says what changed, or every fault.
import type { ReloadOutcome } from '../control/reload-outcome.ts';
import { askGate } from './admin-client.ts';
import { EXIT } from './exit-codes.ts';

export async function reload(configFile: string, json: boolean): Promise<number> {
  const reply = await askGate(configFile, 'POST', '/api/v1/reload');
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  const outcome = reply.body as ReloadOutcome;
  if (json) console.log(JSON.stringify(outcome));
  if (!outcome.ok) {
    if (!json) console.error(['the new configuration is kept out, the old one stays:', ...outcome.faults].join('\n'));
    return EXIT.no;
  }
  if (!json) {
    for (const warning of outcome.warnings) console.error(warning);
    console.log(
      outcome.changed.length > 0 ? `reloaded; changed: ${outcome.changed.join(', ')}` : 'reloaded; nothing changed',
    );
  }
  return EXIT.well;
}
