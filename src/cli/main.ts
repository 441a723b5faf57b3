#!/usr/bin/env node
// The command line: names, options, help and exit codes; each command's work is in its own file.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { errorText } from '../base/errors.ts';
import { listCertificates, printRoot, renewCertificates } from './certs.ts';
import { check } from './check.ts';
import { EXIT } from './exit-codes.ts';
import { addFirmware, extractFirmware, followFirmware, listFirmware, pinFirmware, purgeFirmware } from './firmware.ts';
import { close, listOpenings, open } from './openings.ts';
import { reload } from './reload.ts';
import { serve } from './serve.ts';
import { status } from './status.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('otagate')
  .description('The gate in front of a xiaozhi-esp32-server that makes over-the-air updates work.')
  .version(version, '-V, --version')
  .showHelpAfterError('(otagate COMMAND --help says more)')
  .exitOverride()
  .addHelpText('after', '\nExit codes: 0 well; 1 the answer is no; 2 wrong use; 3 no gate is running.');

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration', 'config/otagate.yaml')
    .exitOverride();
}

type Common = { config: string; json?: boolean };

command(
  'serve',
  'Run the gate. SIGHUP reloads, SIGTERM drains and stops, a second one ends at once, SIGUSR1 reopens logs.',
)
  .addHelpText('after', '\nExample:\n  otagate serve -c /etc/otagate/otagate.yaml')
  .action(async (options: Common) => end(await serve(options.config)));

command('reload', 'Read the configuration again, and say what changed, or every fault.')
  .option('--json', 'one JSON document on stdout')
  .action(async (options: Common) => end(await reload(options.config, options.json === true)));

command('check', 'Read the configuration and name every fault, with file, line and column.')
  .option('--print', 'print the long form')
  .option('--explain <url>', 'say what would be decided about a request for this URL, and why')
  .option('--from <address>', 'with --explain: the address that the request comes from')
  .option('--method <method>', 'with --explain: the method', 'GET')
  .option('--json', 'one JSON document on stdout')
  .addHelpText('after', '\nExample:\n  otagate check --explain http://ota.example.com/xiaozhi/ota/ --from 203.0.113.9')
  .action(async (options: Common & { print?: boolean; explain?: string; from?: string; method: string }) => {
    const { explain, from, method } = options;
    end(
      await check(options.config, {
        print: options.print === true,
        json: options.json === true,
        method,
        ...(explain === undefined ? {} : { explain }),
        ...(from === undefined ? {} : { from }),
      }),
    );
  });

command('status', 'Say how the running gate is: listeners, certificates, upstreams, openings, workers.')
  .option('--json', 'one JSON document on stdout')
  .action(async (options: Common) => end(await status(options.config, options.json === true)));

command('open', 'Open plain HTTP on a device route for a time. It closes by itself.')
  .argument('<route>', 'the OTA check or a firmware route')
  .requiredOption('--for <duration>', 'how long, for example 30m (24 h at most, unless limits.opening says more)')
  .option('--from <network...>', 'only for these networks or addresses (default: everyone)')
  .option('--reason <text>', 'kept with the opening, and in the log', '')
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    '\nExample:\n  otagate open ota --for 30m --from 203.0.113.0/24 --reason "batch of 1.6.0 devices"',
  )
  .action(async (route: string, options: Common & { for: string; from?: string[]; reason: string }) => {
    const { config, reason, from = [] } = options;
    end(await open(config, route, { for: options.for, from, reason, json: options.json === true }));
  });

command('close', 'Close an opening at once: by its id, or all of a route.')
  .argument('<route-or-id>')
  .option('--json', 'one JSON document on stdout')
  .action(async (name: string, options: Common) => end(await close(options.config, name, options.json === true)));

command('openings', 'List what is open, and for how long.')
  .option('--json', 'one JSON document on stdout')
  .action(async (options: Common) => end(await listOpenings(options.config, options.json === true)));

const certs = program.command('certs').description('Certificates: what is served, renewal, the local CA.');

function certsCommand(name: string, description: string): Command {
  return certs
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration', 'config/otagate.yaml')
    .option('--json', 'one JSON document on stdout')
    .exitOverride();
}

certsCommand('list', 'What is served: names, issuer, days left, chain, and what a device would say of it.').action(
  async (options: Common) => end(await listCertificates(options.config, options.json === true)),
);
certsCommand('renew [name]', 'Renew now, whatever the date: all, or one name.').action(
  async (name: string | undefined, options: Common) =>
    end(await renewCertificates(options.config, name, options.json === true)),
);
certsCommand('root', "Print the local CA's root, for import.")
  .addHelpText('after', '\nExample:\n  otagate certs root > otagate-root.pem')
  .action(async (options: Common) => end(await printRoot(options.config, options.json === true)));

const firmware = program.command('firmware').description('The store of images that devices get.');

function firmwareCommand(name: string, description: string): Command {
  return firmware
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration', 'config/otagate.yaml')
    .option('--json', 'one JSON document on stdout')
    .exitOverride();
}

const plain = ({ config, json }: Common) => ({ config, json: json === true });
firmwareCommand('list', 'What is in the store, and what is being fetched.').action(async (options: Common) =>
  end(await listFirmware(plain(options))),
);
firmwareCommand('add <file>', 'Put an image into the store. It is verified first.').action(
  async (file: string, options: Common) => end(await addFirmware(file, plain(options))),
);
firmwareCommand('fetch <url>', 'Fetch an image from an upstream or from what firmware.allow lists.').action(
  async (url: string, options: Common) => end(await followFirmware('fetch', { url }, plain(options))),
);
firmwareCommand('warm', 'Ask about every link that is known, and fetch what was replaced.').action(
  async (options: Common) => end(await followFirmware('warm', {}, plain(options))),
);
firmwareCommand('verify [id]', 'Read the bytes of one image, or of all, once more.').action(
  async (id: string | undefined, options: Common) =>
    end(await followFirmware('verify', { id: id ?? null }, plain(options))),
);
firmwareCommand('extract <id>', 'Cut the app out of a merged image, and add it to the store.')
  .option('-o, --output <file>', 'write the app there, too')
  .action(async (id: string, options: Common & { output?: string }) =>
    end(await extractFirmware(id, options.output, plain(options))),
  );
firmwareCommand('purge <id>', 'Remove an image. A device that asks for it has it fetched again.').action(
  async (id: string, options: Common) => end(await purgeFirmware(id, plain(options))),
);
firmwareCommand('pin <id>', 'Keep an image, however long nobody asks for it.').action(
  async (id: string, options: Common) => end(await pinFirmware(id, true, plain(options))),
);
firmwareCommand('unpin <id>', 'Let an image go when room is needed.').action(async (id: string, options: Common) =>
  end(await pinFirmware(id, false, plain(options))),
);

function end(exitCode: number): void {
  process.exitCode = exitCode;
  // What is left by now is a connection that waits for nothing.
  if (exitCode !== EXIT.well) process.stdout.write('', () => process.exit(exitCode));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.well : EXIT.usage;
  else {
    console.error(errorText(error));
    process.exitCode = EXIT.no;
  }
}
