// Every request gets the one decision that the contract promises: scheme, network, route, opening, seal, host, path.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { PlainHttp } from '../../src/config/config.ts';
import { type Decision, decide } from '../../src/policy/decide.ts';
import type { SealedPermit } from '../../src/policy/facts.ts';
import { compilePolicy, type OpeningView } from '../../src/policy/view.ts';
import { type From, facts, HOUR, NOW, opening, routes, view } from './requests.ts';

const OPENINGS: Record<string, OpeningView[]> = {
  '-': [],
  any: [opening()],
  covers: [opening({ from: ['203.0.113.0/24'] })],
  elsewhere: [opening({ from: ['198.51.100.0/24'] })],
  ended: [opening({ untilMs: NOW })],
  firmware: [opening({ route: 'firmware' })],
  voice: [opening({ route: 'voice' })],
  gate: [opening({ route: 'gate' })],
};

const sealed = (changes: Partial<Extract<SealedPermit, { kind: 'sealed' }>>): SealedPermit => ({
  kind: 'sealed',
  route: 'firmware',
  opening: null,
  openingEndsMs: 0,
  ...changes,
});

const SEALS: Record<string, SealedPermit> = {
  '-': { kind: 'none' },
  damaged: { kind: 'damaged' },
  expired: { kind: 'expired' },
  sealed: sealed({}),
  permitted: sealed({ opening: 'o1', openingEndsMs: NOW + HOUR }),
  ended: sealed({ opening: 'o1', openingEndsMs: NOW }),
  foreign: sealed({ route: 'ota', opening: 'o1', openingEndsMs: NOW + HOUR }),
};

const LINK = '/xiaozhi/otaMag/download/x.bin';

// plain: the plainHttp of the device routes; `main` is lan with defaultSite: main.
// An answer names action, route and reason; a passage also its path, and its site where that is not the main domain.
const TABLE = `
scheme from plain opening seal host method target => answer

https outside  lan    -         -         ours POST /xiaozhi/ota/          => ota-check ota https /xiaozhi/ota/
https outside  never  -         -         ours GET  /xiaozhi/ota/          => ota-check ota https /xiaozhi/ota/
https unknown  never  -         -         ours POST /xiaozhi/ota/          => ota-check ota https /xiaozhi/ota/
https outside  lan    -         -         ours POST /xiaozhi/ota           => ota-check ota https /xiaozhi/ota/
https outside  lan    -         -         ours POST /xiaozhi/ota?a=b/../c  => ota-check ota https /xiaozhi/ota/?a=b/../c
https outside  lan    -         -         ours OPTIONS /xiaozhi/ota/       => relay ota https /xiaozhi/ota/
https outside  lan    -         -         ours WS   /xiaozhi/ota/          => refuse ota upgrade-not-here 400 UPGRADE_NOT_HERE
https outside  lan    -         -         ours POST /xiaozhi/ota/activate  => relay activate https /xiaozhi/ota/activate
https outside  lan    -         -         ours POST /xiaozhi/ota/activate/ => ota-check ota https /xiaozhi/ota/activate/
https outside  lan    -         -         ours WS   /xiaozhi/v1/           => relay voice https /xiaozhi/v1/
https outside  lan    -         -         ours POST /mcp/vision/explain    => relay vision https /mcp/vision/explain
https outside  lan    -         -         ours GET  /                      => relay console https /
https outside  lan    -         -         ours DELETE /user/1              => relay console https /user/1
https outside  lan    -         -         ours GET  ${LINK}                => firmware firmware https ${LINK}
https outside  lan    -         -         ours HEAD ${LINK}                => firmware firmware https ${LINK}
https outside  lan    -         -         ours POST ${LINK}                => refuse firmware method-not-allowed 405 METHOD_NOT_ALLOWED GET, HEAD
https outside  lan    -         -         ours WS   ${LINK}                => refuse firmware upgrade-not-here 400 UPGRADE_NOT_HERE
https outside  lan    -         sealed    ours GET  ${LINK}                => firmware firmware https ${LINK}
https outside  lan    -         damaged   ours GET  ${LINK}                => refuse firmware seal-damaged 404 FIRMWARE_LINK_DEAD
https outside  lan    -         expired   ours GET  ${LINK}                => refuse firmware seal-expired 404 FIRMWARE_LINK_EXPIRED
https outside  lan    -         foreign   ours GET  ${LINK}                => refuse firmware seal-other-route 404 FIRMWARE_LINK_DEAD
https outside  lan    -         ended     ours GET  ${LINK}                => firmware firmware https ${LINK}

http  lan      lan    -         -         ours POST /xiaozhi/ota/          => ota-check ota plain-lan /xiaozhi/ota/
http  lan6     lan    -         -         ours POST /xiaozhi/ota/          => ota-check ota plain-lan /xiaozhi/ota/
http  lan      always -         -         ours POST /xiaozhi/ota/          => ota-check ota plain-lan /xiaozhi/ota/
http  lan      never  -         -         ours POST /xiaozhi/ota/          => refuse ota plain-never 426 PLAIN_HTTP_CLOSED
http  lan      lan    -         -         ours WS   /xiaozhi/v1/           => relay voice plain-lan /xiaozhi/v1/
http  lan      never  -         -         ours WS   /xiaozhi/v1/           => refuse voice plain-never 426 PLAIN_HTTP_CLOSED
http  lan      lan    -         -         ours GET  ${LINK}                => firmware firmware plain-lan ${LINK}
http  lan      lan    -         damaged   ours GET  ${LINK}                => refuse firmware seal-damaged 404 FIRMWARE_LINK_DEAD
http  lan      lan    -         ended     ours GET  ${LINK}                => firmware firmware plain-lan ${LINK}
http  lan      lan    -         -         ours GET  /                      => relay console plain-lan /
http  lan      lan    -         -         ours POST /shut/form             => refuse shut plain-never 403 PLAIN_HTTP_CLOSED

http  outside  lan    -         -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    -         -         ours GET  /xiaozhi/ota           => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  outside6 lan    -         -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  loopback lan    -         -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  gateway  lan    -         -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  unknown  lan    -         -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  always -         -         ours POST /xiaozhi/ota/          => ota-check ota plain-always /xiaozhi/ota/
http  unknown  always -         -         ours POST /xiaozhi/ota/          => ota-check ota plain-always /xiaozhi/ota/
http  outside  never  -         -         ours POST /xiaozhi/ota/          => refuse ota plain-never 426 PLAIN_HTTP_CLOSED
http  outside  lan    -         -         ours GET  ${LINK}                => refuse firmware plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  always -         -         ours GET  ${LINK}                => firmware firmware plain-always ${LINK}
http  outside  lan    -         sealed    ours GET  ${LINK}                => refuse firmware plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    -         damaged   ours GET  ${LINK}                => refuse firmware plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    -         -         ours WS   /xiaozhi/v1/           => refuse voice plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    -         -         ours GET  /mcp/vision/explain    => refuse vision plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    -         -         ours GET  /xiaozhi/ota/activate  => refuse activate plain-outside 426 PLAIN_HTTP_CLOSED

http  outside  lan    -         -         ours GET  /a/b?c=d               => redirect console plain-outside https://ota.example.com/a/b?c=d
http  outside  lan    -         -         ours HEAD /                      => redirect console plain-outside https://ota.example.com/
http  outside  lan    -         -         ours GET  //evil.example.net/    => redirect console plain-outside https://ota.example.com/evil.example.net/
http  outside  lan    -         -         ours POST /login                 => refuse console plain-outside 403 PLAIN_HTTP_CLOSED
http  outside  lan    -         -         ours WS   /live                  => refuse console plain-outside 403 PLAIN_HTTP_CLOSED
http  loopback lan    -         -         ours GET  /                      => redirect console plain-outside https://ota.example.com/
http  outside  lan    -         -         ours GET  /open/x                => relay open plain-always /open/x
http  outside  lan    -         -         ours WS   /open/x                => relay open plain-always /open/x
http  outside  lan    -         -         ours GET  /open/page             => redirect exact plain-never https://ota.example.com/open/page
http  lan      lan    -         -         ours GET  /shut                  => redirect shut plain-never https://ota.example.com/shut/
http  lan      lan    -         -         bare GET  /shut/                 => redirect shut plain-never https://192.168.1.5/shut/
http  lan      lan    -         -         bare6 GET /shut/                 => redirect shut plain-never https://[fd00::5]/shut/

http  outside  lan    any       -         ours POST /xiaozhi/ota/          => ota-check ota plain-opening /xiaozhi/ota/
http  unknown  lan    any       -         ours POST /xiaozhi/ota/          => ota-check ota plain-opening /xiaozhi/ota/
http  gateway  lan    any       -         ours POST /xiaozhi/ota/          => ota-check ota plain-opening /xiaozhi/ota/
http  outside  never  any       -         ours POST /xiaozhi/ota/          => ota-check ota plain-opening /xiaozhi/ota/
http  outside  lan    covers    -         ours POST /xiaozhi/ota/          => ota-check ota plain-opening /xiaozhi/ota/
http  outside6 lan    covers    -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  unknown  lan    covers    -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    elsewhere -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    ended     -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    firmware  -         ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    firmware  -         ours GET  ${LINK}                => firmware firmware plain-opening ${LINK}
http  outside  lan    any       -         ours GET  ${LINK}                => refuse firmware plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    any       -         ours WS   /xiaozhi/ota/          => refuse ota upgrade-not-here 400 UPGRADE_NOT_HERE
http  outside  lan    voice     -         ours WS   /xiaozhi/v1/           => refuse voice plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    any       -         ours POST /xiaozhi/ota/activate  => refuse activate plain-outside 426 PLAIN_HTTP_CLOSED

http  outside  lan    any       permitted ours GET  ${LINK}                => firmware firmware plain-sealed ${LINK}
http  outside  lan    elsewhere permitted ours GET  ${LINK}                => firmware firmware plain-sealed ${LINK}
http  unknown  never  any       permitted ours GET  ${LINK}                => firmware firmware plain-sealed ${LINK}
http  outside  lan    -         permitted ours GET  ${LINK}                => refuse firmware plain-sealed-ended 426 PLAIN_HTTP_CLOSED
http  outside  lan    ended     permitted ours GET  ${LINK}                => refuse firmware plain-sealed-ended 426 PLAIN_HTTP_CLOSED
http  outside  lan    any       ended     ours GET  ${LINK}                => refuse firmware plain-sealed-ended 426 PLAIN_HTTP_CLOSED
http  outside  lan    any       sealed    ours GET  ${LINK}                => refuse firmware plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    any       expired   ours GET  ${LINK}                => refuse firmware plain-outside 426 PLAIN_HTTP_CLOSED
http  outside  lan    firmware  expired   ours GET  ${LINK}                => refuse firmware seal-expired 404 FIRMWARE_LINK_EXPIRED
http  outside  lan    any       foreign   ours GET  ${LINK}                => refuse firmware seal-other-route 404 FIRMWARE_LINK_DEAD
http  outside  lan    any       permitted ours POST ${LINK}                => refuse firmware method-not-allowed 405 METHOD_NOT_ALLOWED GET, HEAD
http  outside  lan    -         permitted ours POST /xiaozhi/ota/          => refuse ota plain-outside 426 PLAIN_HTTP_CLOSED

https outside  lan    -    -         gate GET  /                      => admin gate https / for gate.example.com
https lan      lan    -    -         gate GET  /?a=b                  => admin gate https /?a=b for gate.example.com
https unknown  never  -    -         gate POST /api/v1/login          => admin gate https /api/v1/login for gate.example.com
https outside  lan    -    -         gate DELETE /api/v1/openings/ota => admin gate https /api/v1/openings/ota for gate.example.com
https outside  lan    -    -         gate OPTIONS /api/v1/status      => admin gate https /api/v1/status for gate.example.com
https outside  lan    -    damaged   gate GET  /                      => admin gate https / for gate.example.com
https outside  lan    -    -         gate WS   /api/v1/events         => refuse gate upgrade-not-here 400 UPGRADE_NOT_HERE
https outside  lan    -    -         gate POST /xiaozhi/ota/          => ota-check ota https /xiaozhi/ota/ for gate.example.com
https outside  lan    -    -         gate GET  /xiaozhi/druid         => refuse refuse-druid route-refused 403 ROUTE_REFUSED
https outside  lan    -    -         gate GET  /a/..;/xiaozhi/druid/  => refuse gate path-ambiguous 400 PATH_AMBIGUOUS
https outside  lan    -    -         ours GET  /                      => relay console https /
https lan      lan    -    -         bare GET  /api/v1/status         => relay console https /api/v1/status for 192.168.1.5
http  outside  lan    -    -         gate GET  /devices?x=y           => redirect gate plain-admin https://gate.example.com/devices?x=y
http  lan      always -    -         gate HEAD /                      => redirect gate plain-admin https://gate.example.com/
http  lan      always -    -         gate POST /api/v1/login          => refuse gate plain-admin 403 PLAIN_HTTP_CLOSED
http  loopback always -    -         gate DELETE /api/v1/openings/ota => refuse gate plain-admin 403 PLAIN_HTTP_CLOSED
http  lan      always -    -         gate WS   /api/v1/events         => refuse gate plain-admin 403 PLAIN_HTTP_CLOSED
http  outside  always gate -         gate POST /api/v1/login          => refuse gate plain-admin 403 PLAIN_HTTP_CLOSED
http  outside  always gate permitted gate GET  /                      => redirect gate plain-admin https://gate.example.com/

https outside  lan    -         -      missing   GET /                     => refuse - host-missing 400 HOST_MISSING
http  lan      lan    -         -      ambiguous GET /                     => refuse - host-ambiguous 400 HOST_AMBIGUOUS
https outside  lan    -         -      other     GET /                     => refuse - host-unknown 421 HOST_UNKNOWN
http  outside  lan    -         -      other     GET /                     => refuse - host-unknown 404 HOST_UNKNOWN
http  outside  main   -         -      other     GET /a                    => redirect console plain-outside https://ota.example.com/a
https outside  main   -         -      other     POST /xiaozhi/ota/        => ota-check ota https /xiaozhi/ota/
https outside  lan    -         -      second    POST /xiaozhi/ota/        => ota-check ota https /xiaozhi/ota/ for fw.example.com
http  outside  lan    -         -      second    GET /only/a               => relay second plain-always /only/a for fw.example.com
https outside  lan    -         -      ours      GET /only/a               => relay console https /only/a
http  lan      lan    -         -      bare      POST /xiaozhi/ota/        => ota-check ota plain-lan /xiaozhi/ota/ for 192.168.1.5
https outside  lan    -         -      bare      POST /xiaozhi/ota/        => refuse - host-unknown 421 HOST_UNKNOWN
http  gateway  lan    -         -      bare      POST /xiaozhi/ota/        => refuse - host-unknown 404 HOST_UNKNOWN
https unknown  lan    -         -      bare6     POST /xiaozhi/ota/        => refuse - host-unknown 421 HOST_UNKNOWN

http  outside  lan    -  -  ours    GET  /.well-known/acme-challenge/token-1   => challenge challenge
http  outside  lan    -  -  other   GET  /.well-known/acme-challenge/token-1   => challenge challenge
http  unknown  never  -  -  missing HEAD /.well-known/acme-challenge/token-1   => challenge challenge
https outside  lan    -  -  ours    GET  /.well-known/acme-challenge/token-1?x => challenge challenge
http  outside  lan    -  -  ours    GET  /a/../.well-known/./acme-challenge/token-1 => challenge challenge
http  outside  lan    -  -  ours    GET  /.well-known/acme-challenge/%74oken%2D1 => challenge challenge
http  outside  lan    -  -  ours    GET  /.well-known/acme-challenge/token-2   => refuse - challenge-unknown 404 CHALLENGE_UNKNOWN
http  outside  lan    -  -  ours    GET  /.well-known/acme-challenge/__proto__ => refuse - challenge-unknown 404 CHALLENGE_UNKNOWN
http  outside  lan    -  -  ours    GET  /.well-known/acme-challenge/..%2fxiaozhi => refuse - challenge-unknown 404 CHALLENGE_UNKNOWN
http  outside  lan    -  -  ours    POST /.well-known/acme-challenge/token-1   => refuse - method-not-allowed 405 METHOD_NOT_ALLOWED GET, HEAD
http  outside  lan    -  -  ours    WS   /.well-known/acme-challenge/token-1   => refuse console plain-outside 403 PLAIN_HTTP_CLOSED
http  outside  lan    -  -  ours    GET  /.well-known/acme-challenge/../x      => redirect console plain-outside https://ota.example.com/.well-known/x

https outside  lan    -  -  ours GET  /xiaozhi/config/server-base              => refuse refuse-config route-refused 403 ROUTE_REFUSED
http  lan      always -  -  ours POST /xiaozhi/config                          => refuse refuse-config route-refused 403 ROUTE_REFUSED
https lan      lan    -  -  ours GET  /xiaozhi/doc.html                        => refuse refuse-doc route-refused 403 ROUTE_REFUSED
https lan      lan    -  -  ours GET  /xiaozhi//config/x                       => refuse refuse-config route-refused 403 ROUTE_REFUSED
https lan      lan    -  -  ours GET  /xiaozhi/%63onfig/x                      => refuse refuse-config route-refused 403 ROUTE_REFUSED
https lan      lan    -  -  ours GET  /xiaozhi/ota/%2e%2e/config/x             => refuse refuse-config route-refused 403 ROUTE_REFUSED
https lan      lan    -  -  ours GET  http://ota.example.com/xiaozhi/config/x  => refuse refuse-config route-refused 403 ROUTE_REFUSED
https lan      lan    -  -  ours GET  /xiaozhi/config;x=y/z                    => refuse console path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours POST /xiaozhi/ota/..;/config/x                => refuse ota path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours POST /xiaozhi/ota/..%2fconfig/x               => refuse ota path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours POST /xiaozhi/ota/..%5cconfig/x               => refuse ota path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours GET  /xiaozhi/%2563onfig/x                    => refuse console path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours GET  /xiaozhi/doc.html;jsessionid=1           => refuse console path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours GET  /xiaozhi/doc.html;x=%2F..                => refuse console path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours GET  /xiaozhi/config;%2F..%2F../x             => refuse console path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours GET  /xiaozhi/config;/..;/../x                => refuse console path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours GET  /x/..%2fxiaozhi%2fconfig%2f%252e%252e%2f => refuse console path-ambiguous 400 PATH_AMBIGUOUS
http  outside  lan    -  -  ours GET  /open/..;/shut/                          => refuse open path-ambiguous 400 PATH_AMBIGUOUS
https lan      lan    -  -  ours GET  /a%2Fb                                   => relay console https /a%2Fb
https lan      lan    -  -  ours GET  /a;v=1/b                                 => relay console https /a;v=1/b
https lan      lan    -  -  ours GET  /a%00b                                   => refuse - path-invalid 400 PATH_INVALID
https lan      lan    -  -  ours GET  relative                                 => refuse - path-invalid 400 PATH_INVALID
https lan      lan    -  -  ours OPTIONS *                                     => refuse - no-route 404 ROUTE_NOT_FOUND
`;

function inWords(decision: Decision): string {
  switch (decision.action) {
    case 'challenge':
      return `challenge ${decision.because}`;
    case 'redirect':
      return `redirect ${decision.route.name} ${decision.because} ${decision.location}`;
    case 'refuse': {
      const { route, because, status, code, allow } = decision;
      return `refuse ${route ?? '-'} ${because} ${status} ${code}${allow ? ` ${allow}` : ''}`;
    }
    default: {
      const site = decision.site === 'ota.example.com' ? '' : ` for ${decision.site}`;
      return `${decision.action} ${decision.route.name} ${decision.because} ${decision.path}${site}`;
    }
  }
}

const rows = TABLE.split('\n')
  .filter((line) => line.includes('=>'))
  .slice(1);

for (const row of rows) {
  const [request = '', expected = ''] = row.split(/ +=> /);
  it(row.replace(/ +/g, ' '), () => {
    const [scheme, from, plain, open = '', seal = '', host = '', method = '', target = ''] = request.split(/ +/);
    const deviceHttp = plain === 'main' ? 'lan' : (plain as PlainHttp);
    const openings = OPENINGS[open] ?? assert.fail(`no opening ${open}`);
    const policy = view({ routes: routes(deviceHttp), openings, defaultSite: plain === 'main' ? 'main' : 'refuse' });
    const permit = SEALS[seal] ?? assert.fail(`no seal ${seal}`);
    const asked = facts({ scheme: scheme as 'http' | 'https', from: from as From, host, method, target, seal: permit });
    assert.equal(inWords(decide(asked, compilePolicy(policy), NOW)), expected);
  });
}
