// Owns what each challenge needs of the rest of the file: ports, DNS, and domains that can be proved that way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { brief, check, configOf } from './checked.ts';

const REST = 'upstream: { preset: xiaozhi-full, host: 192.168.1.5 }\n';
const DNS = 'dns: { provider: cloudflare, apiToken: t }';

/** `severity path: message` of all that is found. */
function told(yaml: string): string[] {
  const loaded = check(yaml);
  return [...(loaded.ok ? [] : loaded.faults), ...loaded.warnings].map(
    (finding) => `${finding.severity} ${finding.path}: ${formatFinding(finding).replace(/^.*?: (?=is|has|gets)/, '')}`,
  );
}

const acme = (domains: string, rest: string, more = ''): string =>
  `domains: [${domains}]\n${REST}tls: { acme: { ${rest} } }\n${more}`;

test('http-01 needs port 80 from outside, tls-alpn-01 port 443, dns-01 none', () => {
  const table: [challenge: string, more: string, warning: RegExp | null][] = [
    ['http-01', '', null],
    ['http-01', 'listen: { http: 8080 }\npublic: { http: 80 }\n', null],
    ['http-01', 'listen: { https: 8443 }\n', null],
    [
      'http-01',
      'listen: { http: 8080 }\n',
      /http-01: .*on port 80 from outside, and from outside http is on port 8080/,
    ],
    ['http-01', 'public: { http: 8080 }\n', /port 8080, expected public\.http: 80 .*challenge: dns-01$/],
    ['http-01', 'listen: { http: none }\n', /nothing listens for http/],
    ['tls-alpn-01', '', null],
    ['tls-alpn-01', 'listen: { http: none }\n', null],
    ['tls-alpn-01', 'listen: { https: [8443, 443] }\npublic: { https: 443 }\n', null],
    [
      'tls-alpn-01',
      'listen: { https: 8443 }\n',
      /tls-alpn-01: .*port 443 .*https is on port 8443, expected public\.https/,
    ],
    ['dns-01', 'listen: { http: none, https: 8443 }\n', null],
    ['dns-01', 'listen: { http: 8080, https: 8443 }\n', null],
  ];
  for (const [challenge, more, warning] of table) {
    const dns = challenge === 'dns-01' ? `, ${DNS}` : '';
    const found = told(acme('a.example.com', `challenge: ${challenge}${dns}`, more));
    assert.equal(found.length, warning === null ? 0 : 1, found.join('\n') || `${challenge} ${more}`);
    if (warning !== null) assert.match(found[0] ?? '', warning);
    if (warning !== null) assert.match(found[0] ?? '', /^warning tls\.acme\.challenge: is checked by/);
  }
});

test('the warning stands at the key that turns ACME on', () => {
  const place = (head: string): string | undefined =>
    check(`domain: a.example.com\n${REST}${head}listen: { http: 8080 }\n`).warnings.map(
      ({ line, path }) => `${line} ${path}`,
    )[0];
  assert.equal(place('email: a@example.com\n'), '3 email');
  assert.equal(place('tls: { acme: {} }\n'), '3 tls.acme');
  assert.equal(place('email: a@example.com\ntls: { acme: { challenge: http-01 } }\n'), '4 tls.acme.challenge');
});

test('certificates that nothing serves', () => {
  assert.deepEqual(told(`domain: a.example.com\n${REST}email: a@example.com\nlisten: { https: none }\n`), [
    'warning email: gets certificates that nothing serves, since listen.https is none, expected listen.https, or this left out',
  ]);
});

test('dns without dns-01 has no effect', () => {
  const found = told(acme('a.example.com', DNS));
  assert.equal(found.length, 1);
  assert.match(found[0] ?? '', /^warning tls\.acme\.dns: has no effect while the challenge is http-01/);
});

test('a wildcard needs dns-01, and is never the main domain', () => {
  assert.deepEqual(configOf(acme('a.example.com, "*.Example.com"', `challenge: dns-01, ${DNS}`)).domains, [
    'a.example.com',
    '*.example.com',
  ]);
  for (const rest of ['', 'challenge: http-01', 'challenge: tls-alpn-01']) {
    const found = told(acme('a.example.com, "*.example.com"', rest));
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', /^fault domains\[1\]: is a wildcard, which can be proved over dns-01 alone/);
  }
  const main = told(acme('"*.example.com", a.example.com', `challenge: dns-01, ${DNS}`));
  assert.equal(main.length, 1);
  assert.match(main[0] ?? '', /^fault domains\[0\]: is a wildcard, and the main domain goes into links/);
});

test('a wildcard in a shape that is none', () => {
  for (const name of ['*', '*.', '*.*.example.com', '**.example.com', '*example.com', '*.192.168.1.2', '*.a_b.com']) {
    const loaded = check(acme(`a.example.com, "${name}"`, `challenge: dns-01, ${DNS}`));
    assert.deepEqual(loaded.ok ? [] : loaded.faults.map(({ path }) => path), ['domains[1]'], name);
  }
});

test('a wildcard is fine where a certificate of one’s own may be for it', () => {
  const found = told(
    `domains: [a.example.com, "*.example.com"]\n${REST}tls: { certificates: [{ cert: /no/such.pem, key: /no/such.key }] }\n`,
  );
  assert.deepEqual(
    found.filter((line) => line.includes('wildcard')),
    [],
  );
});

test('a wildcard without ACME, in the middle of a name, or for a route', () => {
  const base = `domain: a.example.com\n${REST}`;
  const table: [yaml: string, fault: RegExp][] = [
    [`domains: [a.example.com, "*.example.com"]\n${REST}`, /domains\[1\]: .*over dns-01 alone .*each name by itself/],
    [`domain: "a*.example.com"\n${REST}`, /domain: is a wildcard, which has no place here/],
    [
      `${base}routes: [{ name: a, host: "*.example.com", path: /a/, upstream: console }]\n`,
      /routes\[0\]\.host: is a wildcard, which has no place here/,
    ],
  ];
  for (const [yaml, fault] of table) {
    const found = told(yaml);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', fault);
  }
});

test('a challenge that is not known hides what hangs on it', () => {
  assert.deepEqual(
    told(acme('a.example.com, "*.example.com", 9.9.9.9', 'challenge: dns')).map((each) => each.split(':')[0]),
    ['fault tls.acme.challenge'],
  );
});

test('a route may be for a name under a wildcard, and for one label alone', () => {
  const route = (host: string): string[] =>
    told(
      `${acme('a.example.com, "*.example.com"', `challenge: dns-01, ${DNS}`)}routes: [{ name: x, host: ${host}, path: /x/, upstream: console }]\n`,
    ).map((each) => each.split(':')[0] ?? '');
  assert.deepEqual(route('b.example.com'), []);
  assert.deepEqual(route('b.c.example.com'), ['fault routes[0].host']);
});

test('an address is proved over http-01 alone, by an authority that does so', () => {
  assert.deepEqual(told(acme('9.9.9.9', 'profile: shortlived')), []);
  assert.deepEqual(told(acme('9.9.9.9', 'directory: "https://ca.example.com/"')), []);
  const [warning, ...more] = told(acme('a.example.com, 9.9.9.9', ''));
  assert.deepEqual(more, []);
  assert.match(warning ?? '', /^warning domains\[1\]: .*Let’s Encrypt .*expected tls\.acme\.profile: shortlived/);
  for (const rest of ['challenge: tls-alpn-01', `challenge: dns-01, ${DNS}`]) {
    const [fault, ...others] = told(acme('a.example.com, 9.9.9.9', rest));
    assert.deepEqual(others, []);
    assert.match(fault ?? '', /^fault domains\[1\]: .*over http-01 alone \(RFC 8738\)/);
  }
});

test('local names are left to the local CA, with a warning each', () => {
  assert.deepEqual(brief(check(acme('gate.lan, 192.168.1.2, a.example.com', `challenge: dns-01, ${DNS}`)).warnings), [
    '1:11 domains[0]: is a name that only the local network knows: no authority signs it, the local CA does',
    '1:21 domains[1]: is an address that nobody outside can reach: no authority signs it, the local CA does',
  ]);
  const off = told(`domain: gate.lan\n${REST}email: a@example.com\ntls: { localCa: false, certificates: [] }\n`);
  assert.match(off.join('\n'), /warning domain: .*the local CA is off.*expected a certificate of your own/);
});

test('ports do not matter where nothing is ordered', () => {
  assert.deepEqual(
    told(acme('gate.lan', '', 'listen: { http: 8080 }\n')).map((each) => each.split(':')[0]),
    ['warning domains[0]'],
  );
});
