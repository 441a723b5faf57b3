// A trusted proxy's word about the client counts, and nothing that stands further left; what is not said is unknown.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forwardedHeaders, type ProxyHeader, readForwarded } from '../../src/gate/forwarded.ts';
import type { Scheme } from '../../src/policy/facts.ts';
import { compileNetworks } from '../../src/policy/networks.ts';
import { facts } from '../policy/requests.ts';

const isTrusted = compileNetworks(['10.0.0.0/8', '2001:db8:1::/48']);

type Row = [value: string | undefined, client: string];

const READ: Record<ProxyHeader, Row[]> = {
  'x-forwarded-for': [
    ['203.0.113.9', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['192.168.1.2, 203.0.113.9', '203.0.113.9'],
    ['192.168.1.2,203.0.113.9, 10.0.0.2 ,10.0.0.3', '203.0.113.9'],
    ['10.0.0.2', '10.0.0.2'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['2001:DB8::9', '2001:db8::9'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['[2001:db8::9]:4711', '2001:db8::9'],
    ['203.0.113.9, [2001:db8:1::1]:80', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:c0a8:102', '192.168.1.2'],
    ['fe80::1%eth0', 'fe80::1'],
    // A proxy that names nobody leaves the client unknown; what stands further left is the client's own word.
    [undefined, ''],
    ['', ''],
    ['unknown', ''],
    ['192.168.1.2, unknown', ''],
    ['192.168.1.2,', ''],
    ['192.168.1.2, _hidden, 10.0.0.2', ''],
    ['192.168.1.2, evil.example.net', ''],
    ['192.168.1.2:x', ''],
    ['"192.168.1.2"', ''],
    ['192.168.1.2 203.0.113.9', ''],
    [`${'192.168.1.2,'.repeat(10_000)}203.0.113.9`, '203.0.113.9'],
  ],
  'x-real-ip': [
    ['203.0.113.9', '203.0.113.9'],
    ['2001:db8::9', '2001:db8::9'],
    ['192.168.1.2, 203.0.113.9', '203.0.113.9'],
    ['unknown', ''],
    [undefined, ''],
  ],
  forwarded: [
    ['for=203.0.113.9', '203.0.113.9'],
    ['For="203.0.113.9:4711"', '203.0.113.9'],
    ['for="[2001:db8::9]:4711"', '2001:db8::9'],
    ['proto=http ; FOR = 203.0.113.9;by=10.0.0.1', '203.0.113.9'],
    ['for=192.168.1.2, for=203.0.113.9;proto=https', '203.0.113.9'],
    ['for=203.0.113.9, for=10.0.0.2', '203.0.113.9'],
    ['for=192.168.1.2, proto=https', ''],
    ['for=192.168.1.2, for=unknown', ''],
    ['for=192.168.1.2, for=_obfuscated', ''],
    ['for="192.168.1.2, for=203.0.113.9', '203.0.113.9'],
    ['192.168.1.2', ''],
    ['', ''],
    [undefined, ''],
  ],
};

for (const header of Object.keys(READ) as ProxyHeader[]) {
  describe(header, () => {
    for (const [value, client] of READ[header]) {
      it(`${value?.slice(-60)}: ${client || 'unknown'}`, () => {
        const headers = value === undefined ? {} : { [header]: value };
        const read = readForwarded(headers, header, isTrusted, 'http');
        assert.deepEqual([read.client, read.clientFrom], [client, client === '' ? 'unknown' : 'forwarded']);
      });
    }
  });
}

it('believes only the header that it was told to', () => {
  const headers = { 'x-forwarded-for': '192.168.1.2', 'x-real-ip': '192.168.1.3', forwarded: 'for=192.168.1.4' };
  for (const [header, client] of [
    ['x-forwarded-for', '192.168.1.2'],
    ['x-real-ip', '192.168.1.3'],
    ['forwarded', '192.168.1.4'],
  ] as const) {
    assert.equal(readForwarded(headers, header, isTrusted, 'http').client, client);
  }
});

describe('the scheme', () => {
  const rows: [header: ProxyHeader, headers: Record<string, string>, socket: Scheme, scheme: Scheme][] = [
    ['x-forwarded-for', { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' }, 'http', 'https'],
    ['x-forwarded-for', { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'HTTP' }, 'https', 'http'],
    ['x-forwarded-for', { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https, http' }, 'https', 'http'],
    ['x-forwarded-for', { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'wss' }, 'http', 'http'],
    ['x-forwarded-for', { 'x-forwarded-for': '203.0.113.9' }, 'https', 'https'],
    ['x-real-ip', { 'x-real-ip': '203.0.113.9', 'x-forwarded-proto': 'https' }, 'http', 'https'],
    ['forwarded', { forwarded: 'for=203.0.113.9;proto=https' }, 'http', 'https'],
    ['forwarded', { forwarded: 'for=203.0.113.9;proto="http"' }, 'https', 'http'],
    ['forwarded', { forwarded: 'for=192.168.1.2;proto=https, for=203.0.113.9;proto=http' }, 'https', 'http'],
    ['forwarded', { forwarded: 'for=203.0.113.9', 'x-forwarded-proto': 'https' }, 'http', 'http'],
  ];
  for (const [header, headers, socket, scheme] of rows) {
    it(`${JSON.stringify(headers)} over ${socket}: ${scheme}`, () => {
      assert.equal(readForwarded(headers, header, isTrusted, socket).scheme, scheme);
    });
  }
});

it('tells the upstream of an IPv6 client as RFC 7239 wants it: quoted, in brackets', () => {
  const sent = new Map(forwardedHeaders(facts({ from: 'outside6', scheme: 'http' }), 'ota.example.com:8080', 'id'));
  assert.equal(sent.get('x-forwarded-for'), '2001:db8::9');
  assert.equal(sent.get('x-real-ip'), '2001:db8::9');
  assert.equal(sent.get('x-forwarded-proto'), 'http');
  assert.equal(sent.get('forwarded'), 'for="[2001:db8::9]";proto=http;host="ota.example.com:8080"');
});
