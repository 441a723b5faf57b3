// Owns the command of the doctor.
import type { SpokenCommand } from './command.ts';
import type { Words } from './words.ts';

export function doctorCommands(program: SpokenCommand, { help: { doctor: words } }: Words): void {
  program
    .sub('doctor', words, 'otagate doctor --serial-log monitor.log')
    .requiredOption('--serial-log <file>', words.serialLog)
    .withJson()
    .perform<[], { serialLog: string }>(async (context, _, { serialLog }) =>
      (await import('./doctor-log.ts')).readLog(context, serialLog),
    );
}
