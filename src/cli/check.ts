// Carries out `otagate check`: like `nginx -t`, and what would be decided about a request, and why.
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import { printLongForm } from '../config/print.ts';
import { strayAddressRecords } from '../control/address-records.ts';
import { defaultGateways } from '../control/gateways.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { explainRequest } from './explain.ts';

export type CheckOptions = { print?: true; explain?: string; from?: string; method: string };

/**
 * Findings are told in English, whatever the language: each names a key of the file, and people look for its words.
 * @throws {WrongUse} where `--explain` has no URL, or no `--from`
 */
export async function check(context: Context, options: CheckOptions): Promise<number> {
  const { configFile, terminal, words, json } = context;
  const loaded = loadConfig(configFile);
  if (!loaded.ok) {
    if (json) terminal.printJson({ ok: false, faults: loaded.faults });
    else terminal.tell(...loaded.faults.map(formatFinding));
    return EXIT.no;
  }
  const { config, warnings } = loaded;
  if (!json) terminal.tell(...warnings.map(formatFinding));
  const { explain: url, from, method } = options;
  if (url !== undefined) return explainRequest(context, config, { url, from, method });
  const stray = config.tls.acme === null ? [] : await strayAddressRecords(config.domains, config.listen);
  if (!json) terminal.tell(...stray.map((text) => `${configFile}: ${words.check.warning}: ${text}`));
  const gateways = await defaultGateways();
  if (json) {
    const { lan } = config.networks;
    terminal.printJson({ ok: true, warnings, dns: stray, lan, ownGateways: gateways.addresses });
  } else if (options.print === true) {
    terminal.print(printLongForm(config));
  } else {
    const notLan = words.list([words.check.loopback, ...gateways.addresses.map(words.check.ownGateway)]);
    terminal.print(
      terminal.paint.good(words.check.well(configFile, words.list(config.domains), config.routes.length)),
      words.check.lan(words.list(config.networks.lan), notLan),
      ...(gateways.known ? [] : [words.check.gatewaysUnknown]),
    );
  }
  return EXIT.well;
}
