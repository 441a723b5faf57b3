// Carries out `otagate check --explain`: what would be decided about a request, by the same function as in the gates.
import type { Config } from '../config/config.ts';
import { defaultGateways } from '../control/gateways.ts';
import { type Decision, decide } from '../policy/decide.ts';
import type { Facts } from '../policy/facts.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { explain } from '../policy/reasons.ts';
import { readTarget } from '../policy/target.ts';
import { compilePolicy } from '../policy/view.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { english, type Words } from './words.ts';
import { WrongUse } from './wrong-use.ts';

export type Explained = { url: string; from: string | undefined; method: string };

/** @throws {WrongUse} for what is no URL, and without an address that it comes from */
export async function explainRequest(context: Context, config: Config, asked: Explained): Promise<number> {
  const { terminal, words, json } = context;
  const { url, method } = asked;
  const from = normaliseAddress(asked.from);
  if (!/^(https?|wss?):$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    const example = `http://${config.domains[0]}/xiaozhi/ota/`;
    throw new WrongUse(words.usage.explainUrl(JSON.stringify(url), example));
  }
  if (from === '') throw new WrongUse(words.usage.explainFrom);
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
  const facts = factsFor(new URL(url), url, from, method);
  const decision = decide(facts, policy, terminal.now());
  const why = explain(decision.because);
  const lan = policy.isLan(from);
  if (json) {
    // The same in every language: programs read it.
    const action = describeAction(decision, english.check);
    const { because } = decision;
    terminal.printJson({ action, route: routeOf(decision), because, why, lan, login: asksForLogin(decision) });
  } else {
    const action = describeAction(decision, words.check);
    terminal.print(
      words.check.explained(`${facts.method} ${url}`, from, lan, action),
      words.check.because(why, decision.because),
      ...(asksForLogin(decision) ? [words.check.login] : []),
    );
  }
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

function asksForLogin(decision: Decision): boolean {
  if (!('route' in decision) || decision.action === 'redirect' || decision.action === 'refuse') return false;
  return decision.route.basicAuth !== undefined;
}

function describeAction(decision: Decision, words: Words['check']): string {
  switch (decision.action) {
    case 'refuse':
      return words.refused(decision.status, decision.code);
    case 'redirect':
      return words.redirected(decision.status, decision.location);
    case 'files':
      return words.files(decision.route.name, decision.path);
    case 'challenge':
      return words.challenge;
    case 'admin':
      return words.admin(decision.route.name, decision.path);
    case 'ota-check':
    case 'firmware':
    case 'relay':
      return words.forwarded(decision.action, decision.route.name, decision.upstream, decision.path);
  }
}

function routeOf(decision: Decision): string | null {
  switch (decision.action) {
    case 'refuse':
      return decision.route;
    case 'challenge':
      return null;
    case 'redirect':
    case 'files':
    case 'admin':
    case 'ota-check':
    case 'firmware':
    case 'relay':
      return decision.route.name;
  }
}
