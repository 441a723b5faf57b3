// Owns the tree of commands: every group of them, the help, and the completion.
import { readFileSync } from 'node:fs';
import { alertCommands } from './alert-commands.ts';
import { backupCommands } from './backup-commands.ts';
import { certsCommands } from './certs-commands.ts';
import { type Cli, SpokenCommand } from './command.ts';
import { SHELLS, type Shell } from './completion/shells.ts';
import { deviceCommands } from './device-commands.ts';
import { doctorCommands } from './doctor-commands.ts';
import { EXIT } from './exit-codes.ts';
import { firmwareCommands } from './firmware-commands.ts';
import { gateCommands } from './gate-commands.ts';
import { openingCommands } from './opening-commands.ts';
import { Options } from './option-values.ts';
import { rolloutCommands } from './rollout-commands.ts';
import type { Words } from './words.ts';

export function buildProgram(cli: Cli): SpokenCommand {
  const { words } = cli;
  const { help } = words;
  const program = new SpokenCommand('otagate', cli)
    .description(help.about)
    .version(versionOfPackage(), '-V, --version', help.version)
    // So that `devices --version 1.8.2` asks for the version of devices.
    .enablePositionalOptions()
    .addHelpText('after', `\n${help.exitCodes}`);
  gateCommands(program, words);
  openingCommands(program, words);
  certsCommands(program, words);
  deviceCommands(program, words);
  firmwareCommands(program, words);
  rolloutCommands(program, words);
  doctorCommands(program, words);
  alertCommands(program, words);
  backupCommands(program, words);
  completionCommand(program, cli);
  helpCommand(program, words);
  return program;
}

function helpCommand(program: SpokenCommand, { help }: Words): void {
  program
    .sub('help', help.help, 'otagate help open', 'otagate help certs renew')
    .argument('[command...]', help.help.command)
    .perform<[names: string[]]>(async (_, [names]) => {
      let found = program;
      for (const name of names) found = found.below(name);
      found.outputHelp();
      return EXIT.well;
    });
}

function completionCommand(program: SpokenCommand, { words }: Cli): void {
  const { completion } = words.help;
  const options = new Options(words);
  program
    .sub(
      'completion',
      completion,
      `echo 'eval "$(otagate completion bash)"' >> ~/.bashrc`,
      `echo 'eval "$(otagate completion zsh)"' >> ~/.zshrc`,
      'otagate completion fish > ~/.config/fish/completions/otagate.fish',
    )
    .addArgument(options.chosenArgument('<shell>', completion.shell, SHELLS))
    .perform<[shell: Shell]>(async (context, [shell]) =>
      (await import('./completion/print.ts')).printCompletion(context, shell, program),
    );
  // Asked by those scripts while somebody types.
  program
    .command('complete-names', { hidden: true })
    .argument('<kind>')
    .perform<[kind: string]>(async (context, [kind]) =>
      (await import('./completion/names.ts')).printNames(context, kind),
    );
}

function versionOfPackage(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
