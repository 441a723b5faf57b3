// Owns the commands of alerts: the troubles that last, and a trial of the webhooks.
import type { SpokenCommand } from './command.ts';
import type { Words } from './words.ts';

export function alertCommands(program: SpokenCommand, { help: { alerts: words } }: Words): void {
  const alerts = program.sub('alerts', words, 'otagate alerts list', 'otagate alerts test');
  alerts
    .sub('list', words.list, 'otagate alerts list')
    .withJson()
    .perform(async (context) => (await import('./alerts.ts')).listAlerts(context));
  alerts
    .sub('test', words.test, 'otagate alerts test')
    .withJson()
    .perform(async (context) => (await import('./alerts.ts')).testAlerts(context));
}
