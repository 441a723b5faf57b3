// Owns tls.acme.dns: each provider as it arrives in Config, and the mistakes in it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { printLongForm } from '../../src/config/print.ts';
import { BASE, configOf, faultsOf } from './checked.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-dns-'));
after(() => rmSync(folder, { recursive: true }));
const program = join(folder, 'hook');
writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
const plain = join(folder, 'plain');
writeFileSync(plain, '', { mode: 0o644 });

const dns = (rest: string): string => `${BASE}tls: { acme: { challenge: dns-01, dns: { ${rest} } } }\n`;
const RFC2136 = 'provider: rfc2136, keyName: k.example., secret: c2VjcmV0';

const PROVIDERS: [written: string, read: object][] = [
  [
    `${RFC2136}, server: 192.0.2.53`,
    {
      provider: 'rfc2136',
      server: '192.0.2.53',
      port: 53,
      keyName: 'k.example.',
      algorithm: 'hmac-sha256',
      secret: 'c2VjcmV0',
    },
  ],
  [
    `${RFC2136}, server: "NS1.example.com:5353", zone: Example.com., algorithm: hmac-sha512`,
    {
      provider: 'rfc2136',
      server: 'ns1.example.com',
      port: 5353,
      zone: 'example.com',
      keyName: 'k.example.',
      algorithm: 'hmac-sha512',
      secret: 'c2VjcmV0',
    },
  ],
  [
    'provider: cloudflare, apiToken: t0ken, endpoint: "http://127.0.0.1:9000/client/v4"',
    { provider: 'cloudflare', apiToken: 't0ken', endpoint: 'http://127.0.0.1:9000/client/v4' },
  ],
  ['provider: cloudflare, apiToken: t0ken', { provider: 'cloudflare', apiToken: 't0ken' }],
  [
    'provider: alidns, accessKeyId: LTAI, accessKeySecret: s',
    { provider: 'alidns', accessKeyId: 'LTAI', accessKeySecret: 's' },
  ],
  [
    'provider: dnspod, secretId: AKID, secretKey: s, endpoint: "https://dnspod.example.com/"',
    { provider: 'dnspod', secretId: 'AKID', secretKey: 's', endpoint: 'https://dnspod.example.com/' },
  ],
  [`provider: exec, program: ${program}`, { provider: 'exec', program, timeoutMs: 120_000 }],
  [`provider: exec, program: ${program}, timeout: 90s`, { provider: 'exec', program, timeoutMs: 90_000 }],
];

for (const [written, read] of PROVIDERS) {
  test(`${written.slice(0, 60)} arrives, and survives the long form`, () => {
    const config = configOf(dns(written));
    assert.deepEqual(config.tls.acme?.dns, read);
    assert.deepEqual(configOf(printLongForm(config)), config);
  });
}

test('the address of a name server, with and without its port', () => {
  const server = (text: string): string => {
    const read = configOf(dns(`${RFC2136}, server: "${text}"`)).tls.acme?.dns;
    return read?.provider === 'rfc2136' ? `${read.server} ${read.port}` : '';
  };
  assert.equal(server('192.0.2.53:54'), '192.0.2.53 54');
  assert.equal(server('2001:DB8::0:53'), '2001:db8::53 53');
  assert.equal(server('[2001:db8::53]:54'), '2001:db8::53 54');
  assert.equal(server('[2001:db8::53]'), '2001:db8::53 53');
  assert.equal(server('bind_1'), 'bind_1 53');
});

const MISTAKES: [name: string, written: string, path: string, text: RegExp][] = [
  ['no provider', 'apiToken: x', 'provider', /is missing, expected rfc2136, cloudflare, alidns, dnspod or exec/],
  ['a misspelt provider', 'provider: cloudfare, apiToken: x', 'provider', /mean "cloudflare"/],
  ['a misspelt key', 'provider: cloudflare, apiTokn: x', 'apiTokn', /one of provider, apiToken, .*mean "apiToken"/],
  [
    'the key of another provider',
    'provider: cloudflare, apiToken: x, secretId: y',
    'secretId',
    /apiTokenFile, endpoint$/,
  ],
  ['no secret', 'provider: dnspod, secretId: a', 'secretKey', /is missing, expected it, or secretKeyFile/],
  ['no server', RFC2136, 'server', /is missing/],
  ['a server that is a URL', `${RFC2136}, server: "tcp://192.0.2.53"`, 'server', /neither an address nor a name/],
  ['a server without its port', `${RFC2136}, server: "192.0.2.53:"`, 'server', /neither an address nor a name/],
  ['a port that does not exist', `${RFC2136}, server: "192.0.2.53:70000"`, 'server', /port from 1 to 65535/],
  ['an old algorithm', `${RFC2136}, server: a, algorithm: hmac-md5`, 'algorithm', /hmac-sha256, .* or hmac-sha1/],
  ['a zone that is none', `${RFC2136}, server: a, zone: com`, 'zone', /is not the name of a zone/],
  ['a key name that is none', `${RFC2136.replace('k.example.', '"k e"')}, server: a`, 'keyName', /name of a key/],
  [
    'a key that is not Base64',
    `${RFC2136.replace('c2VjcmV0', 'hunter2!')}, server: a`,
    'secret',
    /^(?!.*hunter2).*not Base64/,
  ],
  [
    'an endpoint over http',
    'provider: alidns, accessKeyId: a, accessKeySecret: b, endpoint: "http://a.example.com"',
    'endpoint',
    /sits on the line/,
  ],
  ['a program that is not there', 'provider: exec, program: /nowhere', 'program', /there is no such file/],
  ['a program that cannot be run', `provider: exec, program: ${plain}`, 'program', /is not executable/],
  ['a program that is a folder', `provider: exec, program: ${folder}`, 'program', /is a folder/],
];

for (const [name, written, key, text] of MISTAKES) {
  test(name, () => {
    const faults = faultsOf(dns(written));
    const shown = faults.map(formatFinding).join('\n') || 'no fault was found';
    assert.deepEqual(
      faults.map(({ path }) => path),
      [`tls.acme.dns.${key}`],
      shown,
    );
    assert.match(shown, text);
  });
}
