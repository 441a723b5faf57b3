// Owns the command of the doctor.
import type { SpokenCommand } from './command.ts';
import type { DoctorOptions } from './doctor.ts';
import type { Words } from './words.ts';
import { WrongUse } from './wrong-use.ts';

const BOARD = 'bread-compact-wifi';

export function doctorCommands(program: SpokenCommand, { help: { doctor: words }, doctor: say }: Words): void {
  const collect = (text: string, before: string[]): string[] => [...before, text];
  program
    .sub(
      'doctor',
      words,
      'otagate doctor',
      'otagate doctor --url https://ota.example.com/xiaozhi/ota/',
      'otagate doctor --serial-log monitor.log',
    )
    .argument('[host...]', words.host)
    .option('--url <url>', words.url, collect, [])
    .option('--download', words.download)
    .option('--board <board>', words.board, BOARD)
    .option('--resolve <name=address>', words.resolve, collect, [])
    .option('--ca <file>', words.ca)
    .option('--serial-log <file>', words.serialLog)
    .withJson()
    .perform<[hosts: string[]], DoctorOptions & { serialLog?: string }>(async (context, [hosts], options) => {
      if (options.serialLog !== undefined) return (await import('./doctor-log.ts')).readLog(context, options.serialLog);
      if (hosts.length > 0 && options.url.length > 0) throw new WrongUse(say.nameOrUrl);
      const doctor = await import('./doctor.ts');
      return options.url.length > 0
        ? doctor.examineUrls(context, options)
        : doctor.examineGate(context, hosts, options);
    });
}
