// Owns tls.acme: what turns it on, its defaults, and each mistake in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { BASE, brief, check, configOf, faultsOf } from './checked.ts';

const acme = (rest: string, head = BASE): string => `${head}tls: { acme: { ${rest} } }\n`;

const DEFAULTS = {
  email: 'you@example.com',
  directory: 'https://acme-v02.api.letsencrypt.org/directory',
  challenge: 'http-01',
  keyType: 'ecdsa',
  profile: null,
  preferredChain: null,
  caFile: null,
  eab: null,
  dns: null,
  propagation: { timeoutMs: 120_000, resolvers: [] },
};

test('an e-mail address alone turns ACME on, with every default', () => {
  assert.deepEqual(configOf(`${BASE}email: you@example.com\n`).tls.acme, DEFAULTS);
  assert.deepEqual(configOf(acme('email: you@example.com')).tls.acme, DEFAULTS);
});

test('tls.acme alone turns it on without an address; without both it is off', () => {
  assert.deepEqual(configOf(acme('')).tls.acme, { ...DEFAULTS, email: null });
  assert.equal(configOf(BASE).tls.acme, null);
});

test('the short address completes the long form, and may be there twice', () => {
  const config = configOf(acme('email: You@example.com, keyType: rsa', `${BASE}email: You@EXAMPLE.com\n`));
  assert.deepEqual([config.tls.acme?.email, config.tls.acme?.keyType], ['You@example.com', 'rsa']);
});

test('the words for directories, and a directory of one’s own', () => {
  const directory = (text: string): string | undefined => configOf(acme(`directory: "${text}"`)).tls.acme?.directory;
  assert.equal(directory('letsencrypt'), 'https://acme-v02.api.letsencrypt.org/directory');
  assert.equal(directory('letsencrypt-staging'), 'https://acme-staging-v02.api.letsencrypt.org/directory');
  assert.equal(directory('https://CA.example.com/dir?x=1'), 'https://ca.example.com/dir?x=1');
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    assert.equal(directory(`http://${host}:14000/dir`), `http://${host}:14000/dir`);
  }
});

test('localCa may be off where an authority signs', () => {
  const yaml = `${BASE}email: you@example.com\ntls: { localCa: false }\n`;
  assert.deepEqual(brief(check(yaml).warnings), []);
  assert.equal(configOf(yaml).tls.localCa, false);
  const local = 'domain: gate.lan\nupstream: { preset: xiaozhi-full, host: a }\n';
  assert.deepEqual(
    faultsOf(`${local}email: you@example.com\ntls: { localCa: false }\n`).map(({ path }) => path),
    ['tls.localCa'],
  );
});

/** What is wrong, the file, the path of the one fault, and what its message holds. */
const MISTAKES: [name: string, yaml: string, path: string, text: RegExp][] = [
  ['an address without @', `${BASE}email: you.example.com\n`, 'email', /has no @ \(found "you\.example\.com"\)/],
  ['an empty address', `${BASE}email: ""\n`, 'email', /is empty .*expected .*or the key left out/],
  ['an address with its name', `${BASE}email: "<you@example.com>"\n`, 'email', /mean "you@example\.com"/],
  ['an address as a URL', `${BASE}email: "mailto:you@example.com"\n`, 'email', /mailto:.*mean "you@example\.com"/],
  ['two addresses', `${BASE}email: "a@example.com,b@example.com"\n`, 'email', /more than one address/],
  ['a list of addresses', `${BASE}email: [a@example.com]\n`, 'email', /not of the right kind/],
  ['an address in no domain', `${BASE}email: root@localhost\n`, 'email', /behind the @/],
  [
    'two addresses that differ',
    acme('email: b@example.com', `${BASE}email: a@example.com\n`),
    'tls.acme.email',
    /is another address than email \(found "b@example\.com"\)/,
  ],
  ['a misspelt directory', acme('directory: letsencypt'), 'tls.acme.directory', /mean "letsencrypt"/],
  ['a directory in words', acme('directory: staging'), 'tls.acme.directory', /letsencrypt, letsencrypt-staging or the/],
  [
    'a directory over http',
    acme('directory: "http://ca.example.com/dir"'),
    'tls.acme.directory',
    /sits on the line.*http only for this machine/,
  ],
  [
    'a directory without its scheme',
    acme('directory: "ca.example.com/dir"'),
    'tls.acme.directory',
    /mean "https:\/\/ca\.example\.com\/dir"/,
  ],
  [
    'a directory with a password',
    acme('directory: "https://a:hunter2@ca.example.com/"'),
    'tls.acme.directory',
    /^(?!.*hunter2).*a user name or a password in it/,
  ],
  ['an unknown challenge', acme('challenge: http01'), 'tls.acme.challenge', /mean "http-01"/],
  ['an unknown kind of key', acme('keyType: ec'), 'tls.acme.keyType', /ecdsa, rsa or both/],
  ['a roots file that is not there', acme('caFile: root.pem'), 'tls.acme.caFile', /no such file .*start at \/etc/],
  ['dns-01 without dns', acme('challenge: dns-01'), 'tls.acme.dns', /is missing, and challenge: dns-01 needs it/],
  ['eab without its name', acme('eab: { hmacKey: abc }'), 'tls.acme.eab.kid', /is missing/],
  ['eab without its key', acme('eab: { kid: a }'), 'tls.acme.eab.hmacKey', /is missing, expected it, or hmacKeyFile/],
  [
    'a key of eab in another form',
    acme('eab: { kid: a, hmacKey: "no base64!" }'),
    'tls.acme.eab.hmacKey',
    /^(?!.*no base64!).*is not base64url/,
  ],
  [
    'a resolver by name',
    acme('propagation: { resolvers: [1.1.1.1, dns.google] }'),
    'tls.acme.propagation.resolvers[1]',
    /is not the address of a resolver/,
  ],
  [
    'a resolver with no such port',
    acme('propagation: { resolvers: "1.1.1.1:0" }'),
    'tls.acme.propagation.resolvers',
    /port from 1 to 65535/,
  ],
  [
    'a wait without its unit',
    acme('propagation: { timeout: 60 }'),
    'tls.acme.propagation.timeout',
    /has no unit .*mean "60s"/,
  ],
  ['an unknown key', acme('mail: a@example.com'), 'tls.acme.mail', /one of email, directory, .*mean "email"/],
  ['a key at the top', `${BASE}challenge: dns-01\n`, 'challenge', /mean "tls\.acme\.challenge"/],
  ['nothing below it', `${BASE}tls:\n  acme:\n`, 'tls.acme', /has no value .*expected keys and values/],
];

for (const [name, yaml, path, text] of MISTAKES) {
  test(name, () => {
    const faults = faultsOf(yaml);
    const shown = faults.map(formatFinding).join('\n') || 'no fault was found';
    assert.deepEqual(
      faults.map((fault) => fault.path),
      [path],
      shown,
    );
    assert.match(shown, text);
    assert.ok((faults[0]?.line ?? 0) > 0);
  });
}

test('many mistakes at once', () => {
  const yaml = `domain: a_b
upstream: { preset: xiaozhi-full, host: 10.0.0.1 }
email: nobody
tls:
  acme:
    challenge: dns-01
    keyType: dsa
    caFile: /nowhere.pem
    dns: { provider: cloudflare, apiTokn: x }
    propagation: { timeout: 2 minutes }
`;
  assert.deepEqual(
    faultsOf(yaml).map(({ line, path }) => `${line} ${path}`),
    [
      '1 domain',
      '3 email',
      '7 tls.acme.keyType',
      '8 tls.acme.caFile',
      '9 tls.acme.dns.apiTokn',
      '10 tls.acme.propagation.timeout',
    ],
  );
});
