// Carries out `otagate alerts`: lists the troubles that last, and sends a message to every webhook.
import type { AlertList, Trial } from '../control/admin/alert-schemas.ts';
import { askGate, askGateAtLength } from './admin-client.ts';
import { bodyOf, tellFailure } from './answer.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { labelled } from './table.ts';

export async function listAlerts(context: Context): Promise<number> {
  const { terminal, words, json } = context;
  const { paint } = terminal;
  const reply = await askGate(context, 'GET', '/api/v1/alerts');
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const list = bodyOf<AlertList>(reply);
  if (json) {
    terminal.printJson(list);
    return EXIT.well;
  }
  const { alerts } = words;
  const troubles = list.lasting.map(({ kind, detail, atMs }) =>
    labelled(alerts.kinds[kind], paint.bad(alerts.trouble(detail, new Date(atMs).toISOString())), paint),
  );
  const targets = list.targets.map(({ host, format, waiting, dropped, lastFault }) => {
    const text = alerts.target(host, format, waiting, dropped, lastFault);
    return labelled(alerts.webhook, lastFault === null ? text : paint.bad(text), paint);
  });
  terminal.print(...(troubles.length === 0 ? [alerts.none] : troubles), ...targets);
  if (targets.length === 0) terminal.tell(alerts.nobody);
  return EXIT.well;
}

export async function testAlerts(context: Context): Promise<number> {
  const { terminal, words, json } = context;
  const reply = await askGateAtLength(context, 'POST', '/api/v1/alerts/test');
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const trials = bodyOf<Trial[]>(reply);
  if (json) terminal.printJson(trials);
  else {
    for (const { host, fault } of trials) {
      if (fault === null) terminal.print(words.alerts.taken(host));
      else terminal.tell(words.alerts.notTaken(host, fault));
    }
    if (trials.length === 0) terminal.tell(words.alerts.nobody);
  }
  return trials.length > 0 && trials.every(({ fault }) => fault === null) ? EXIT.well : EXIT.no;
}
