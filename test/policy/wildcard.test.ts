// A wildcard domain takes in exactly one label, and the name that was asked for is the one that counts as ours.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compilePolicy } from '../../src/policy/view.ts';
import { view } from './requests.ts';

const policy = compilePolicy(view({ domains: ['ota.example.com', '*.example.com', '*.cn.example.net'] }));

const hosts: [host: string, ours: boolean][] = [
  ['ota.example.com', true],
  ['a.example.com', true],
  ['a-1.example.com', true],
  ['xn--fsqu00a.example.com', true],
  ['a.cn.example.net', true],
  ['example.com', false],
  ['.example.com', false],
  ['a.b.example.com', false],
  ['cn.example.net', false],
  ['a.example.net', false],
  ['*.example.com', false],
  ['-.example.com', false],
  ['a_b.example.com', false],
  ['aexample.com', false],
  ['a.example.com.evil.net', false],
  ['a.example.co', false],
  [`${'a'.repeat(64)}.example.com`, false],
  ['com', false],
  ['', false],
];

for (const [host, ours] of hosts) {
  it(`${host || 'an empty host'} is ${ours ? 'ours' : 'not ours'}`, () => {
    assert.equal(policy.isDomain(host), ours);
    for (const onLan of [true, false]) assert.equal(policy.knownHost(host, onLan), ours ? host : null);
  });
}

it('links of a name under a wildcard stay on that name; the main domain is the first one', () => {
  assert.equal(policy.mainDomain, 'ota.example.com');
  assert.equal(policy.knownHost('eu.example.com', false), 'eu.example.com');
});

it('a bare address on the LAN, and the default site, are as without wildcards', () => {
  assert.equal(policy.knownHost('192.168.1.2', true), '192.168.1.2');
  assert.equal(policy.knownHost('192.168.1.2', false), null);
  const open = compilePolicy(view({ domains: ['ota.example.com', '*.example.com'], defaultSite: 'main' }));
  assert.equal(open.knownHost('elsewhere.example.org', false), 'ota.example.com');
});

it('a route for one host counts for that host under the wildcard alone', () => {
  const target = { kind: 'upstream', upstream: 'u' } as const;
  const one = { name: 'one', host: 'a.example.com', path: '/', target, role: 'web', plainHttp: 'lan' } as const;
  const routed = compilePolicy(view({ domains: ['ota.example.com', '*.example.com'], routes: [one] }));
  assert.equal(routed.routeFor('a.example.com', '/')?.name, 'one');
  assert.equal(routed.routeFor('b.example.com', '/'), null);
});
