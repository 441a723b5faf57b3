// Whatever a client sends and an operator configures: what must never happen does not happen. Seeded, a few thousand cases.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RouteConfig } from '../../src/config/config.ts';
import { tomcatPath } from '../../src/demo/tomcat-path.ts';
import { type Decision, decide } from '../../src/policy/decide.ts';
import type { SealedPermit } from '../../src/policy/facts.ts';
import { REASONS } from '../../src/policy/reasons.ts';
import { compilePolicy, type OpeningView, type PolicyView } from '../../src/policy/view.ts';
import { type Random, seeded } from './random.ts';
import { ADMIN, CLIENTS, type From, facts, HOSTS, HOUR, NOW, opening, view, type Wish } from './requests.ts';

const CASES = 8000;
const SEED = Number(process.env.OTAGATE_TEST_SEED ?? 20_261_122);
const PATHS = [
  '/',
  '/a/',
  '/a/b',
  '/a/b/',
  '/a/b/c',
  '/secret/',
  '/a/secret',
  '/a/secret/x/',
  '/ota/',
  '/ota/activate',
];
// What paths are put together from: the names above, and every trick to write them in another way.
const PIECES = (
  '/ / / / // /./ /../ ; .. a b c secret ota activate x . .. %2e %2E%2e %2f %5c %252f %252e ; ;x=y ..; %3b %61 %2561 %73ecret ' +
  '%00 %2500 % %zz é ~ %20 %25 ?q=/../secret /secret/ /a/secret'
).split(' ');

type Case = { wish: Wish; view: PolicyView };

function randomCase(random: Random): Case {
  const routes = PATHS.filter(() => random.chance(0.7)).map((path, index) => randomRoute(random, path, `r${index}`));
  const openings = Array.from({ length: random.below(4) }, (_, index) => randomOpening(random, routes, `o${index}`));
  let target = random.chance(0.05) ? '' : '/';
  for (let left = random.below(9); left > 0; left -= 1) target += random.pick(PIECES);
  const links = routes.filter(({ role, target: { kind } }) => role === 'firmware' && kind === 'upstream');
  const aimed = links.length > 0 && random.chance(0.4) ? random.pick(links) : null;
  if (aimed !== null) target = aimed.path;
  if (random.chance(0.05)) target = `http://ota.example.com${target}`;
  return {
    wish: {
      scheme: random.pick(['http', 'http', 'https']),
      from: random.pick(Object.keys(CLIENTS) as From[]),
      host: random.chance(0.8) ? 'ours' : random.pick(Object.keys(HOSTS)),
      method: random.pick(['GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'WS', 'get', '__proto__']),
      target,
      seal: randomSeal(random, aimed?.name ?? `r${random.below(PATHS.length)}`),
    },
    view: view({
      routes,
      openings,
      defaultSite: random.pick(['refuse', 'main']),
      lan: random.pick([['private'], ['192.168.1.0/24'], []]),
      publicPorts: random.pick([
        { http: 80, https: 443, mqtts: null },
        { http: 8080, https: 8443, mqtts: 8883 },
      ]),
    }),
  };
}

function randomRoute(random: Random, path: string, name: string): RouteConfig {
  const refuse = path.includes('secret') || random.chance(0.1);
  if (!refuse && random.chance(0.1)) {
    const host = random.pick(['ota.example.com', 'ota.example.com', 'gate.example.com']);
    return { ...ADMIN, name, host, path, plainHttp: random.pick(['always', 'lan', 'never']) };
  }
  return {
    name,
    path,
    target: refuse ? { kind: 'refuse' } : { kind: 'upstream', upstream: 'u' },
    role: random.pick(['web', 'device', 'ota-check', 'firmware']),
    plainHttp: random.pick(['always', 'lan', 'never']),
    ...(random.chance(0.1) ? { host: random.pick(['ota.example.com', 'fw.example.com']) } : {}),
  };
}

function randomOpening(random: Random, routes: RouteConfig[], id: string): OpeningView {
  return opening({
    id,
    route: routes.length > 0 ? random.pick(routes).name : 'r0',
    from: random.pick([[], ['203.0.113.0/24'], ['2001:db8::/32'], ['198.51.100.7']]),
    startMs: null,
    untilMs: NOW + random.pick([-1, 0, 1, HOUR]),
  });
}

function randomSeal(random: Random, route: string): SealedPermit {
  const kind = random.pick(['none', 'damaged', 'expired', 'sealed', 'sealed'] as const);
  if (kind !== 'sealed') return { kind };
  const openingEndsMs = NOW + random.pick([-1, 0, 1, HOUR]);
  return { kind, route, opening: random.pick([null, 'o0', 'o0', 'o1', 'gone']), openingEndsMs };
}

/** The longest route of this site that covers a path: as simple as can be, to be compared with. */
function routeOf(path: string, site: string, routes: readonly RouteConfig[]): RouteConfig | undefined {
  const covering = routes.filter(
    (route) =>
      (route.host === undefined || route.host === site) &&
      (route.path.endsWith('/')
        ? `${path}/`.startsWith(route.path) && path.length >= route.path.length - 1
        : path === route.path),
  );
  const named = (route: RouteConfig): number => route.path.replace(/\/$/, '').length * 2 + (route.host ? 1 : 0);
  return covering.find((route) => covering.every((other) => named(route) >= named(other)));
}

function readings(path: string): string[] {
  const bare = path.split('?', 1)[0] ?? '';
  const tomcat = tomcatPath(bare);
  const python = decodeURIComponent(bare.replace(/%(?![0-7])/g, '%25'));
  return [bare, new URL(`http://host${bare}`).pathname, ...(tomcat === undefined ? [] : [tomcat]), python];
}

function check({ wish, view: policyView }: Case): Decision {
  const asked = facts(wish);
  const decision = decide(asked, compilePolicy(policyView), NOW);
  assert.ok(REASONS.includes(decision.because));
  if (decision.action === 'redirect') {
    assert.equal(asked.scheme, 'http');
    assert.ok(['GET', 'HEAD'].includes(asked.method) && !asked.websocket);
    const { role } = decision.route;
    assert.ok(role === 'web' || role === 'admin', 'no device follows a redirect');
    const to = new URL(decision.location);
    assert.equal(to.protocol, 'https:');
    const ours = [...policyView.domains, '192.168.1.5', '[fd00::5]'].includes(to.hostname);
    assert.ok(ours, `redirected to a stranger: ${decision.location}`);
  }
  if (decision.action === 'admin') {
    assert.equal(asked.scheme, 'https', 'the admin interface by plain HTTP');
    assert.ok(!asked.websocket);
    assert.equal(decision.route.target.kind, 'admin');
    checkReadings(decision, policyView);
  }
  if (!('upstream' in decision)) return decision;

  const { route } = decision;
  assert.equal(route.target.kind, 'upstream', 'a refused route is refused to everyone');
  checkReadings(decision, policyView);
  if (decision.action === 'firmware') assert.ok(asked.seal.kind !== 'damaged' && asked.seal.kind !== 'expired');
  if (asked.scheme === 'http' && route.plainHttp !== 'always') checkPermission({ wish, view: policyView }, decision);
  return decision;
}

/** However a server behind the gate reads the path, it is the same route. */
function checkReadings({ route, site, path }: Extract<Decision, { site: string }>, policyView: PolicyView): void {
  for (const reading of readings(path)) {
    assert.equal(routeOf(reading, site, policyView.routes)?.name, route.name, `${path}, read as ${reading}`);
  }
}

/** Plain HTTP on a route that is not `always` needs the LAN, an opening, or a link that was made under one. */
function checkPermission({ wish, view: policyView }: Case, decision: Extract<Decision, { upstream: string }>): void {
  const { from = 'outside', seal } = wish;
  const private192 = policyView.lan.length > 0 && from === 'lan';
  const onLan = private192 || (policyView.lan.includes('private') && from === 'lan6');
  if (onLan && decision.route.plainHttp === 'lan') return;
  assert.ok(decision.route.role === 'ota-check' || decision.route.role === 'firmware', 'only these can be opened');
  const alive = policyView.openings.filter(({ untilMs }) => untilMs > NOW);
  const net = { outside: '203.0.113.0/24', outside6: '2001:db8::/32' }[String(from)];
  const covered = alive.some(
    (open) =>
      open.route === decision.route.name && (open.from.length === 0 || (net !== undefined && open.from.includes(net))),
  );
  if (covered) return;
  assert.ok(
    decision.action === 'firmware' && seal?.kind === 'sealed',
    `plain HTTP from ${from} without any permission`,
  );
  assert.equal(seal.route, decision.route.name);
  assert.ok(seal.openingEndsMs > NOW && alive.some(({ id }) => id === seal.opening));
}

it(`${CASES} random requests keep the promises (OTAGATE_TEST_SEED=${SEED})`, () => {
  const random = seeded(SEED);
  const seen = new Map<string, number>();
  for (let index = 0; index < CASES; index += 1) {
    const made = randomCase(random);
    try {
      const { action, because } = check(made);
      for (const word of [action, because]) seen.set(word, (seen.get(word) ?? 0) + 1);
    } catch (error) {
      throw new Error(`case ${index}: ${JSON.stringify(made)}`, { cause: error });
    }
  }
  // The cases must not all end in a refusal, or nothing was tested.
  for (const word of [
    'admin',
    'plain-admin',
    'relay',
    'ota-check',
    'firmware',
    'redirect',
    'refuse',
    'plain-opening',
    'plain-sealed',
    'path-ambiguous',
  ]) {
    assert.ok((seen.get(word) ?? 0) > 2, `too few of ${word}`);
  }
});
