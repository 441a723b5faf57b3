// Routes are chosen by the longest path; names are ours where they are configured, or bare addresses on the LAN.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RouteConfig } from '../../src/config/config.ts';
import { explain, REASONS } from '../../src/policy/reasons.ts';
import { compilePolicy, pathWithin } from '../../src/policy/view.ts';
import { view } from './requests.ts';

function route(path: string, host?: string): RouteConfig {
  const target = { kind: 'upstream', upstream: 'u' } as const;
  return { name: `${host ?? ''}${path}`, path, target, role: 'web', plainHttp: 'lan', ...(host ? { host } : {}) };
}

const policy = compilePolicy(
  view({
    routes: ['/', '/a/', '/a', '/a/b/', '/a/b/c', '/a/b/c/']
      .map((path) => route(path))
      .concat(route('/a/', 'two'), route('/z', 'two')),
  }),
);

const choices: [host: string, path: string, route: string | null][] = [
  ['one', '/', '/'],
  ['one', '/x', '/'],
  ['one', '/ab', '/'],
  ['one', '/a', '/a'],
  ['one', '/a/', '/a/'],
  ['one', '/a/x', '/a/'],
  ['one', '/a/b', '/a/b/'],
  ['one', '/a/b/x', '/a/b/'],
  ['one', '/a/b/c', '/a/b/c'],
  ['one', '/a/b/c/', '/a/b/c/'],
  ['one', '/a/b/cd', '/a/b/'],
  ['two', '/a/x', 'two/a/'],
  ['two', '/a/b/x', '/a/b/'],
  ['one', '/z', '/'],
  ['two', '/z', 'two/z'],
  ['two', '/z/', '/'],
];

for (const [host, path, name] of choices) {
  it(`${host}${path} goes to ${name}`, () => assert.equal(policy.routeFor(host, path)?.name ?? null, name));
}

it('finds no route where none covers the path', () => {
  assert.equal(compilePolicy(view({ routes: [route('/a/'), route('/b')] })).routeFor('one', '/c'), null);
});

it('gives a prefix route’s own name the slash that the upstream wants, and nothing else', () => {
  assert.equal(pathWithin(route('/a/'), '/a'), '/a/');
  assert.equal(pathWithin(route('/a/'), '/a/x'), '/a/x');
  assert.equal(pathWithin(route('/a'), '/a'), '/a');
});

it('knows domains, bare addresses on the LAN, and with defaultSite: main every name', () => {
  const { knownHost } = policy;
  assert.equal(knownHost('fw.example.com', false), 'fw.example.com');
  assert.equal(knownHost('evil.example.net', true), null);
  assert.equal(knownHost('192.168.1.5', true), '192.168.1.5');
  assert.equal(knownHost('192.168.1.5', false), null);
  assert.equal(knownHost('', true), null);
  const main = compilePolicy(view({ defaultSite: 'main' }));
  assert.equal(main.knownHost('evil.example.net', false), 'ota.example.com');
  assert.equal(main.knownHost('192.168.1.5', false), 'ota.example.com');
  assert.equal(main.knownHost('192.168.1.5', true), '192.168.1.5');
});

it('has a sentence for every reason, without a full stop', () => {
  for (const reason of REASONS) assert.match(explain(reason), /[^.]$/);
});
