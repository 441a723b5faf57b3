// Owns the examples in config/: each loads, fits the JSON Schema, and says what is true.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { checkText, loadConfig } from '../../src/config/load.ts';
import { jsonSchema } from '../../src/config/schema.ts';

const folder = fileURLToPath(new URL('../../config/', import.meta.url));
const names = ['shortest', 'full', 'lan-only', 'behind-a-proxy', 'custom-ports', 'old-ports'].map(
  (name) => `${name}.yaml`,
);

function load(name: string): Config {
  const loaded = loadConfig(folder + name, {});
  if (!loaded.ok) return assert.fail(loaded.faults.map(formatFinding).join('\n'));
  assert.deepEqual(loaded.warnings, []);
  return loaded.config;
}

test('every example of the folder is tested here', () => {
  const found = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'otagate.yaml');
  assert.deepEqual(found.sort(), names.toSorted());
});

for (const name of names) {
  test(`${name} loads without a fault or a warning, and names its schema first`, () => {
    load(name);
    const text = readFileSync(folder + name, 'utf8');
    assert.equal(text.split('\n')[0], '# yaml-language-server: $schema=./otagate.schema.json');
  });
}

test('full.yaml writes the defaults: it means the same as shortest.yaml', () => {
  assert.deepEqual({ ...load('full.yaml'), file: '' }, { ...load('shortest.yaml'), file: '' });
});

test('full.yaml names every key', () => {
  const text = readFileSync(`${folder}full.yaml`, 'utf8');
  const keys = new Set<string>();
  const collect = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, below] of Object.entries(node)) {
      if (key === 'properties') for (const name of Object.keys(below)) keys.add(name);
      collect(below);
    }
  };
  collect(jsonSchema());
  assert.ok(keys.size > 50, String(keys.size));
  for (const key of keys) assert.match(text, new RegExp(`\\b${key}:`), key);
});

test('the commented keys of full.yaml are right as well', () => {
  const text = readFileSync(`${folder}full.yaml`, 'utf8')
    .replace(/^(domain|routes|upstreams|openings|streams|rollouts| {2}allow): .*$/gm, '')
    .replace(/^# ((?:domains|routes|upstreams|openings|streams|rollouts):.*| {2}- \{.*)$/gm, '$1')
    .replace(/^ {2}# ((?:allow|file|mqtts|access|rotate):.*)$/gm, '  $1');
  const loaded = checkText(text, `${folder}full.yaml`, {}, Date.parse('2026-11-20T00:00:00Z'));
  if (!loaded.ok) return assert.fail(loaded.faults.map(formatFinding).join('\n'));
  const { routes, openings, firmware, log } = loaded.config;
  assert.deepEqual(loaded.warnings, []);
  assert.deepEqual(
    routes.slice(-3).map(({ name, target }) => `${name} ${target.kind}`),
    ['mcp upstream', 'no-upload refuse', 'gate admin'],
  );
  assert.deepEqual([openings.length, firmware.allow.length, log.file?.endsWith('.log')], [1, 1, true]);
});

test('each commented provider, and what else tls.acme takes, is right in full.yaml', () => {
  const text = readFileSync(`${folder}full.yaml`, 'utf8');
  const providers = [...text.matchAll(/^ {4}# (dns: .*)$/gm)].map(([, line = '']) => line);
  assert.equal(providers.length, 5);
  for (const provider of providers) {
    const open = text
      .replace(/^ {4}# ((?:profile|preferredChain|caFile|eab): .*)$/gm, '    $1')
      .replace('challenge: http-01\n', `challenge: dns-01\n    ${provider}\n`)
      .replace('  certificates: []\n', '')
      .replace(/^ {2}# (certificates: )/m, '  $1');
    const loaded = checkText(open, `${folder}full.yaml`, {}, Date.now());
    const faults = loaded.ok ? assert.fail('the files are not there') : loaded.faults;
    assert.deepEqual(
      faults.filter(({ problem }) => problem !== 'there is no such file').map(formatFinding),
      [],
      provider,
    );
    // The PEM pair, the PKCS#12 file and its passphrase, caFile, the key of eab, and what the provider needs.
    assert.equal(faults.length, 7, provider);
  }
});

test('custom-ports.yaml gets certificates without port 80 once its comment is opened', () => {
  const text = readFileSync(`${folder}custom-ports.yaml`, 'utf8').replace(/^# ((?:email|tls): ?.*| {2,}\S.*)$/gm, '$1');
  const swap = (from: string, to: string): string => text.replace(from, to).replace(/^public:\n.*\n.*\n/m, '');
  for (const yaml of [
    swap('apiTokenFile: ../secrets/cloudflare.token', 'apiToken: token'),
    swap('dns: { provider: cloudflare', '# dns: { provider: cloudflare')
      .replace(/^ {4}# (dns: \{ provider: rfc2136)/m, '    $1')
      .replace('secretFile: ../secrets/tsig.key', 'secret: c2VjcmV0'),
  ]) {
    const loaded = checkText(yaml, `${folder}custom-ports.yaml`, {}, Date.now());
    if (!loaded.ok) return assert.fail(loaded.faults.map(formatFinding).join('\n'));
    assert.deepEqual(loaded.warnings, []);
    assert.equal(loaded.config.tls.acme?.challenge, 'dns-01');
    assert.equal(loaded.config.public.http, 8080);
  }
});

test('the schema in the folder is the one of the code (npm run schema writes it)', () => {
  const written: unknown = JSON.parse(readFileSync(`${folder}otagate.schema.json`, 'utf8'));
  assert.deepEqual(written, JSON.parse(JSON.stringify(jsonSchema())));
});

test('the examples fit the schema, and mistakes do not', () => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(jsonSchema());
  for (const name of names) {
    assert.equal(
      validate(parse(readFileSync(folder + name, 'utf8'))),
      true,
      `${name}: ${JSON.stringify(validate.errors)}`,
    );
  }
  for (const wrong of [
    { domian: 'a' },
    { otaOverHttp: 'sometimes' },
    { routes: [{ path: '/' }] },
    { listen: { admni: 1 } },
    { routes: [{ name: 'a', path: '/', role: 'amdin' }] },
  ]) {
    assert.equal(validate(wrong), false, JSON.stringify(wrong));
  }
});
