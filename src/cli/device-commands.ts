// Owns the command of devices.
import { DEVICE_STATES } from '../ota/device-record.ts';
import type { SpokenCommand } from './command.ts';
import type { DeviceFilter } from './devices.ts';
import { Options } from './option-values.ts';
import type { Words } from './words.ts';

// As many as the gate gives on one page.
const MAX_DEVICES = 1000;

export function deviceCommands(program: SpokenCommand, words: Words): void {
  const { devices } = words.help;
  const options = new Options(words);
  program
    .sub(
      'devices',
      devices,
      'otagate devices',
      'otagate devices --state failed --board bread-compact-wifi',
      'otagate devices aa:bb:cc:dd:ee:ff',
    )
    .argument('[device]', devices.device)
    .option('--search <text>', devices.search)
    .option('--board <board>', devices.board)
    .option('--version <version>', devices.version)
    .addOption(options.choice('--state <state>', devices.state, DEVICE_STATES))
    .addOption(options.count('--limit <n>', devices.limit, 1, MAX_DEVICES))
    .withJson()
    .perform<[device: string | undefined], DeviceFilter>(async (context, [device], filter) =>
      device === undefined
        ? (await import('./devices.ts')).listDevices(context, filter)
        : (await import('./device-timeline.ts')).tellDevice(context, device, filter),
    );
}
