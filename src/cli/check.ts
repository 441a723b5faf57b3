// Carries out `otagate check`: like `nginx -t`, and what would be decided about a request, and why.
import type { Config } from '../config/config.ts';
import { formatFinding } from '../config/finding.ts';
import { loadConfig } from '../config/load.ts';
import { printLongForm } from '../config/print.ts';
import { strayAddressRecords } from '../control/address-records.ts';
import { defaultGateways } from '../control/gateways.ts';
import { type Decision, decide } from '../policy/decide.ts';
import type { Facts } from '../policy/facts.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { explain } from '../policy/reasons.ts';
import { readTarget } from '../policy/target.ts';
import { compilePolicy } from '../policy/view.ts';
import { EXIT } from './exit-codes.ts';

export type CheckOptions = { print: boolean; explain?: string; from?: string; method: string; json: boolean };

export async function check(configFile: string, options: CheckOptions): Promise<number> {
  const loaded = loadConfig(configFile);
  if (!loaded.ok) {
    if (options.json) console.log(JSON.stringify({ ok: false, faults: loaded.faults }));
    for (const fault of options.json ? [] : loaded.faults) console.error(formatFinding(fault));
    return EXIT.no;
  }
  const { config, warnings } = loaded;
  for (const warning of options.json ? [] : warnings) console.error(formatFinding(warning));
  if (options.explain !== undefined) return explainRequest(config, options, options.explain);
  const stray = config.tls.acme === null ? [] : await strayAddressRecords(config.domains, config.listen);
  for (const text of options.json ? [] : stray) console.error(`${configFile}: warning: ${text}`);
  const gateways = await defaultGateways();
  if (options.json) {
    console.log(
      JSON.stringify({ ok: true, warnings, dns: stray, lan: config.networks.lan, ownGateways: gateways.addresses }),
    );
  } else if (options.print) {
    console.log(printLongForm(config));
  } else {
    const notLan = ['loopback', ...gateways.addresses.map((address) => `${address} (own gateway)`)].join(', ');
    console.log(`${configFile} is well: ${config.domains.join(', ')}; ${config.routes.length} routes`);
    console.log(`LAN is ${config.networks.lan.join(', ')}, but not ${notLan}, unless listed in networks.lan`);
    if (!gateways.known)
      console.log('This system does not tell its default gateways: list the LAN by hand if clients arrive from one.');
  }
  return EXIT.well;
}

async function explainRequest(config: Config, options: CheckOptions, url: string): Promise<number> {
  const from = normaliseAddress(options.from);
  if (!/^(https?|wss?):$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    console.error(`--explain wants a URL such as http://${config.domains[0]}/xiaozhi/ota/, not ${JSON.stringify(url)}`);
    return EXIT.usage;
  }
  if (from === '') {
    console.error(
      '--explain wants --from ADDRESS: where the request comes from, for example 192.168.1.77 or 203.0.113.9',
    );
    return EXIT.usage;
  }
  const policy = compilePolicy({
    domains: config.domains,
    defaultSite: config.defaultSite,
    publicPorts: config.public,
    lan: config.networks.lan,
    ownGateways: (await defaultGateways()).addresses,
    routes: config.routes,
    openings: config.openings,
    challenges: {},
  });
  const facts = factsFor(new URL(url), url, from, options.method);
  const decision = decide(facts, policy, Date.now());
  const outcome = {
    ...summary(decision),
    because: decision.because,
    why: explain(decision.because),
    lan: policy.isLan(from),
  };
  console.log(
    options.json
      ? JSON.stringify(outcome)
      : `${facts.method} ${url} from ${from} (${outcome.lan ? 'LAN' : 'not LAN'}): ${outcome.action}\nbecause ${outcome.why} (${outcome.because})`,
  );
  return EXIT.well;
}

function factsFor(url: URL, raw: string, from: string, method: string): Facts {
  const websocket = url.protocol.startsWith('ws');
  const rawPath = raw.replace(/^[a-z]+:\/\/[^/?#]*/i, '') || '/';
  return {
    peer: from,
    client: from,
    clientFrom: 'peer',
    scheme: url.protocol === 'https:' || url.protocol === 'wss:' ? 'https' : 'http',
    method: websocket ? 'GET' : method.toUpperCase(),
    websocket,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    hostFault: 'none',
    target: readTarget(rawPath),
    seal: { kind: 'none' },
  };
}

function summary(decision: Decision): { action: string; route: string | null } {
  switch (decision.action) {
    case 'refuse':
      return { action: `refused with ${decision.status} ${decision.code}`, route: decision.route };
    case 'redirect':
      return { action: `redirected (308) to ${decision.location}`, route: decision.route };
    case 'challenge':
      return { action: 'answered as an ACME challenge', route: null };
    case 'admin':
      return {
        action: `the admin interface by route ${decision.route.name}, path ${decision.path}`,
        route: decision.route.name,
      };
    case 'ota-check':
    case 'firmware':
    case 'relay':
      return {
        action: `${decision.action} by route ${decision.route.name} to upstream ${decision.upstream}, path ${decision.path}`,
        route: decision.route.name,
      };
  }
}
