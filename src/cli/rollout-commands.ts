// Owns the commands of rollouts.
import { Option } from 'commander';
import type { RolloutGiven } from '../control/admin/rollout-schemas.ts';
import type { SpokenCommand } from './command.ts';
import { Options } from './option-values.ts';
import type { RolloutFilter } from './rollouts.ts';
import type { Words } from './words.ts';

export function rolloutCommands(program: SpokenCommand, words: Words): void {
  const { rollout: help } = words.help;
  const options = new Options(words);
  const rollout = program.sub('rollout', help, 'otagate rollout list', 'otagate rollout explain aa:bb:cc:dd:ee:ff');
  const works = () => import('./rollouts.ts');

  rollout
    .sub('list', help.list, 'otagate rollout list', 'otagate rollout list --json')
    .withJson()
    .perform(async (context) => (await works()).listRollouts(context));
  withMatch(
    rollout.sub('hold', help.hold, 'otagate rollout hold spring', 'otagate rollout hold --board bread-compact-wifi'),
  )
    .argument('[rollout]', help.name)
    .withJson()
    .perform<[string | undefined], RolloutFilter>(async (context, [name], filter) =>
      (await works()).holdRollout(context, name, filter),
    );
  rollout
    .sub('offer', help.offer, 'otagate rollout offer spring')
    .argument('<rollout>', help.name)
    .withJson()
    .perform<[string]>(async (context, [name]) => (await works()).offerRollout(context, name));
  withMatch(
    rollout.sub(
      'pin',
      help.pin,
      'otagate rollout pin 2.0.1 --board bread-compact-wifi',
      'otagate rollout pin 1.9.4 --device aa:bb:cc:dd:ee:ff',
    ),
  )
    .argument('<version>', help.version)
    .withJson()
    .perform<[string], RolloutFilter>(async (context, [version], filter) =>
      (await works()).pinRollout(context, version, filter),
    );
  rollout
    .sub('rollback', help.rollback, 'otagate rollout rollback spring')
    .argument('<rollout>', help.name)
    .withJson()
    .perform<[string]>(async (context, [name]) => (await works()).rollBack(context, name));
  rollout
    .sub('percent', help.percent, 'otagate rollout percent spring 25')
    .argument('<rollout>', help.name)
    .addArgument(options.countArgument('<percent>', help.share, 0, 100))
    .withJson()
    .perform<[string, number]>(async (context, [name, percent]) => (await works()).setPercent(context, name, percent));
  rollout
    .sub(
      'explain',
      help.explain,
      'otagate rollout explain aa:bb:cc:dd:ee:ff',
      'otagate rollout explain aa:bb:cc:dd:ee:ff --offered 2.1.0',
    )
    .argument('<device>', words.help.devices.device)
    .option('--board <board>', help.asBoard)
    .option('--version <version>', help.asVersion)
    .option('--client <address>', help.asClient)
    .option('--offered <version>', help.asOffered)
    .withJson()
    .perform<[string], RolloutGiven>(async (context, [device], { board, version, client, offered }) =>
      (await works()).explainRollout(context, device, { board, version, client, offered }),
    );

  function withMatch(command: SpokenCommand): SpokenCommand {
    return command
      .addOption(new Option('--board <board...>', help.boards))
      .addOption(new Option('--device <device...>', help.devices))
      .addOption(new Option('--network <network...>', help.networks))
      .addOption(new Option('--runs <version...>', help.runs))
      .addOption(options.count('--percent <n>', help.percentOf, 0, 100))
      .option('--as <name>', help.as);
  }
}
