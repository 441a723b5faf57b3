// Owns the commands of the firmware store.
import type { SpokenCommand } from './command.ts';
import type { Words } from './words.ts';

export function firmwareCommands(program: SpokenCommand, { help: { firmware: words } }: Words): void {
  const firmware = program.sub('firmware', words, 'otagate firmware list', 'otagate firmware add xiaozhi-1.8.2.bin');
  firmware
    .sub('list', words.list, 'otagate firmware list')
    .withJson()
    .perform(async (context) => (await import('./firmware.ts')).listFirmware(context));
  firmware
    .sub('add', words.add, 'otagate firmware add xiaozhi-1.8.2.bin')
    .argument('<file>', words.add.file)
    .withJson()
    .perform<[file: string]>(async (context, [file]) => (await import('./firmware.ts')).addFirmware(context, file));
  firmware
    .sub('fetch', words.fetch, 'otagate firmware fetch https://files.example.com/fw/xiaozhi-1.8.2.bin')
    .argument('<url>', words.fetch.url)
    .withJson()
    .perform<[url: string]>(async (context, [url]) =>
      (await import('./firmware.ts')).followFirmware(context, 'fetch', { url }),
    );
  firmware
    .sub('warm', words.warm, 'otagate firmware warm')
    .withJson()
    .perform(async (context) => (await import('./firmware.ts')).followFirmware(context, 'warm', {}));
  firmware
    .sub('verify', words.verify, 'otagate firmware verify', 'otagate firmware verify 3fa85f64')
    .argument('[id]', words.id)
    .withJson()
    .perform<[id: string | undefined]>(async (context, [id]) =>
      (await import('./firmware.ts')).followFirmware(context, 'verify', { id: id ?? null }),
    );
  firmware
    .sub('extract', words.extract, 'otagate firmware extract 3fa85f64 -o app.bin')
    .argument('<id>', words.id)
    .option('-o, --output <file>', words.extract.output)
    .withJson()
    .perform<[id: string], { output?: string }>(async (context, [id], { output }) =>
      (await import('./firmware.ts')).extractFirmware(context, id, output ?? null),
    );
  firmware
    .sub('purge', words.purge, 'otagate firmware purge 3fa85f64')
    .argument('<id>', words.id)
    .withJson()
    .perform<[id: string]>(async (context, [id]) => (await import('./firmware.ts')).purgeFirmware(context, id));
  firmware
    .sub('pin', words.pin, 'otagate firmware pin 3fa85f64')
    .argument('<id>', words.id)
    .withJson()
    .perform<[id: string]>(async (context, [id]) => (await import('./firmware.ts')).pinFirmware(context, id, true));
  firmware
    .sub('unpin', words.unpin, 'otagate firmware unpin 3fa85f64')
    .argument('<id>', words.id)
    .withJson()
    .perform<[id: string]>(async (context, [id]) => (await import('./firmware.ts')).pinFirmware(context, id, false));
}
