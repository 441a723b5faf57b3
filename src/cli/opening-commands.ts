// Owns the commands of openings: open, close, openings.
import type { SpokenCommand } from './command.ts';
import type { OpenOptions } from './openings.ts';
import { Options } from './option-values.ts';
import type { Words } from './words.ts';

const MAX_DEVICES = 1_000_000;
const MAX_ENTRIES = 1000;

export function openingCommands(program: SpokenCommand, words: Words): void {
  const { open, close, openings } = words.help;
  const options = new Options(words);
  program
    .sub(
      'open',
      open,
      'otagate open ota --for 30m',
      'otagate open ota --for 2h --from 203.0.113.0/24 --after-devices 20 --reason "batch of 1.6.0 devices"',
      'otagate open ota --for 1h --at 2026-12-01T02:00:00+08:00 --when-idle 10m',
    )
    .argument('<route>', open.route)
    .addOption(options.duration('--for <duration>', open.for).makeOptionMandatory())
    .option('--from <network...>', open.from)
    .option('--reason <text>', open.reason, '')
    .addOption(options.moment('--at <moment>', open.at))
    .addOption(options.count('--after-devices <n>', open.afterDevices, 1, MAX_DEVICES))
    .addOption(options.duration('--when-idle <duration>', open.whenIdle))
    .withJson()
    .perform<[route: string], OpenOptions>(async (context, [route], given) =>
      (await import('./openings.ts')).open(context, route, given),
    );

  program
    .sub('close', close, 'otagate close ota', 'otagate close open-1a2b3c4d')
    .argument('<route|id>', close.which)
    .withJson()
    .perform<[which: string]>(async (context, [which]) => (await import('./openings.ts')).close(context, which));

  program
    .sub('openings', openings, 'otagate openings', 'otagate openings --history --limit 20')
    .option('--history', openings.history)
    .addOption(options.count('--limit <n>', openings.limit, 1, MAX_ENTRIES))
    .withJson()
    .perform<[], { history?: true; limit?: number }>(async (context, _, { history, limit }) =>
      history === true
        ? (await import('./audit-trail.ts')).listAudit(context, limit)
        : (await import('./openings.ts')).listOpenings(context, limit),
    );
}
