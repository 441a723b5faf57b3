// Certificates by dns-01: a wildcard and its base name over a real BIND, and records set by a program of the operator's.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { peer } from '../peer.ts';
import { acmeGateFor, obtained } from '../rig/acme-gate.ts';
import { freePorts, pebbleFor } from '../rig/pebble.ts';
import { lookAt } from '../rig/tls-client.ts';
import { answerAt, type Bind, freePort, SECRET, startBind } from '../tls/dns/bind.ts';

// The gate asks the name servers of a zone itself, and these listen on port 53.
const SERVERS = ['127.0.0.77', '127.0.0.78'] as const;

const { skip: lacking } = peer('pebble', 'bind');
const skip = lacking !== false ? lacking : await hindrance();

/** Why nothing can listen on port 53 here, or false. */
async function hindrance(): Promise<string | false> {
  for (const address of SERVERS) {
    const socket = createSocket('udp4');
    const fault = await new Promise<string | false>((resolve) => {
      socket.once('error', (error) => resolve(`port 53 of ${address} cannot be had: ${error.message}`));
      socket.bind(53, address, () => resolve(false));
    });
    socket.close();
    if (fault !== false) return fault;
  }
  return false;
}

/** A zone whose only name server is at `server`, and a BIND that serves it and resolves for Pebble. */
async function zoneFor(t: TestContext, name: string, server: string): Promise<Bind> {
  const bind = await startBind('127.0.0.1', await freePort('127.0.0.1'), [
    {
      name,
      records: `@ IN NS ns1\nns1 IN A ${server}\n_acme-challenge.given IN CNAME proofs`,
      settings: 'update-policy { grant "hmac-sha256-key" zonesub TXT; };',
    },
  ]);
  t.after(() => bind.stop());
  return bind;
}

test('a wildcard, its base name, and a challenge given away by CNAME: by dynamic update with TSIG', {
  skip,
}, async (t) => {
  const bind = await zoneFor(t, 'example.com', SERVERS[0]);
  t.after(await answerAt(SERVERS[0], 53, bind));
  const [http = 0, https = 0] = await freePorts(2);
  const resolver = `127.0.0.1:${bind.port}`;
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: https, dns: resolver });
  const gate = await acmeGateFor(t, {
    http,
    https,
    ...pebble,
    domains: ['ota.example.com', '*.ota.example.com', 'given.example.com'],
    acme: `challenge: dns-01, propagation: { timeout: 10s, resolvers: "${resolver}" }, dns: { provider: rfc2136, server: "${resolver}", keyName: hmac-sha256-key, secret: "${SECRET}" }`,
  });
  await obtained(gate, 'ecdsa', 'ota.example.com');
  await obtained(gate, 'ecdsa', '*.ota.example.com');
  await obtained(gate, 'ecdsa', 'given.example.com');
  await gate.status();
  const ca = await pebble.root();
  const served = {
    'ota.example.com': 'DNS:ota.example.com',
    'a.ota.example.com': 'DNS:*.ota.example.com',
    'given.example.com': 'DNS:given.example.com',
  };
  for (const [servername, name] of Object.entries(served)) {
    const look = await lookAt(https, { ca, servername });
    assert.deepEqual([look.trust, look.leaf.subjectAltName], ['trusted', name], servername);
  }
  const dns = new Resolver({ timeout: 1_000, tries: 2 });
  dns.setServers([resolver]);
  for (const name of ['_acme-challenge.ota.example.com', 'proofs.example.com']) {
    await assert.rejects(dns.resolveTxt(name), { code: 'ENOTFOUND' }, `no record is left at ${name}`);
  }
});

test('by a program that is told what to set and to remove', { skip }, async (t) => {
  const bind = await zoneFor(t, 'example.org', SERVERS[1]);
  const [http = 0, https = 0] = await freePorts(2);
  const pebble = await pebbleFor(t, { httpPort: http, tlsPort: https });
  // The zone's name server is Pebble's own little DNS, which the program speaks to.
  t.after(await answerAt(SERVERS[1], 53, { ...bind, port: Number(pebble.dns.split(':')[1]) }));
  const folder = mkdtempSync(join(tmpdir(), 'otagate-exec-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [program, calls] = [join(folder, 'set-record'), join(folder, 'calls')];
  writeFileSync(program, scriptFor(pebble.dnsManagement, calls));
  chmodSync(program, 0o700);
  const gate = await acmeGateFor(t, {
    http,
    https,
    ...pebble,
    domains: ['ota.example.org'],
    acme: `challenge: dns-01, propagation: { timeout: 10s, resolvers: "127.0.0.1:${bind.port}" }, dns: { provider: exec, program: "${program}" }`,
  });
  await obtained(gate, 'ecdsa', 'ota.example.org');
  await gate.status();
  assert.equal((await lookAt(https, { ca: await pebble.root(), servername: 'ota.example.org' })).trust, 'trusted');
  const [set, removed] = readFileSync(calls, 'utf8').trim().split('\n');
  assert.match(set ?? '', /^present _acme-challenge\.ota\.example\.org\. [\w-]{43}$/);
  assert.equal(removed, set?.replace('present', 'cleanup'), 'the same record is taken away');
  const left = await gate.line(({ event }) => event === 'proof-left');
  assert.match(left.msg, /could not be removed: .*set-record cleanup` ended with code 3/, 'which costs no certificate');
});

/** A program as an operator would write it, for the management interface of pebble-challtestsrv; its cleanup has a fault. */
function scriptFor(management: string, calls: string): string {
  return `#!${process.execPath}
const [action, host, value] = process.argv.slice(2);
require('node:fs').appendFileSync(${JSON.stringify(calls)}, [action, host, value].join(' ') + '\\n');
const path = action === 'present' ? '/set-txt' : '/clear-txt';
fetch(${JSON.stringify(management)} + path, { method: 'POST', body: JSON.stringify({ host, value }) })
  .then(({ ok }) => process.exit(ok && action === 'present' ? 0 : 3));
`;
}
