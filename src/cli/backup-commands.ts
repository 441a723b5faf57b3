// Owns the commands backup and restore.
import type { BackupOptions, RestoreOptions } from './backup.ts';
import type { SpokenCommand } from './command.ts';
import type { Words } from './words.ts';

export function backupCommands(program: SpokenCommand, { help: { backup, restore } }: Words): void {
  program
    .sub(
      'backup',
      backup,
      'otagate backup otagate.tar.gz',
      'otagate backup otagate.tar.gz.age --passphrase-file backup.pass',
    )
    .argument('<file>', backup.file)
    .option('--passphrase-file <file>', backup.passphraseFile)
    .option('--recipient <key>', backup.recipient)
    .option('--no-firmware', backup.noFirmware)
    .withJson()
    .perform<[file: string], BackupOptions>(async (context, [file], options) =>
      (await import('./backup.ts')).makeBackup(context, file, options),
    );
  program
    .sub(
      'restore',
      restore,
      'otagate restore otagate.tar.gz',
      'otagate restore otagate.tar.gz.age --passphrase-file backup.pass --replace',
    )
    .argument('<file>', restore.file)
    .option('--passphrase-file <file>', restore.passphraseFile)
    .option('--identity-file <file>', restore.identityFile)
    .option('--replace', restore.replace)
    .withJson()
    .perform<[file: string], RestoreOptions>(async (context, [file], options) =>
      (await import('./backup.ts')).restore(context, file, options),
    );
}
