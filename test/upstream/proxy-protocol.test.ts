// The PROXY protocol byte by byte: what is a header, what is none, and what cannot be told yet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normaliseAddress } from '../../src/policy/networks.ts';
import {
  MAX_PROXY_HEADER_BYTES,
  type ProxyHeader,
  readProxyHeader,
  writeProxyHeader,
} from '../../src/upstream/proxy-protocol.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const v1 = (line: string): Buffer => Buffer.from(line, 'latin1');
const v2 = (rest: string): Buffer => Buffer.from(SIGNATURE + rest.replaceAll(' ', ''), 'hex');

const FOUR: Omit<Extract<ProxyHeader, { kind: 'proxied' }>, 'length'> = {
  kind: 'proxied',
  source: { address: '192.0.2.7', port: 40_001 },
  destination: { address: '198.51.100.1', port: 443 },
};
const SIX: typeof FOUR = {
  kind: 'proxied',
  source: { address: '2001:db8::7', port: 40_001 },
  destination: { address: '2001:db8::1', port: 443 },
};
const FOUR_HEX = 'c0000207 c6336401 9c41 01bb';
const SIX_HEX = '20010db8000000000000000000000007 20010db8000000000000000000000001 9c41 01bb';

const HEADERS: [name: string, bytes: Buffer, meaning: ProxyHeader][] = [
  ['v1 over IPv4', v1('PROXY TCP4 192.0.2.7 198.51.100.1 40001 443\r\nGET /'), { ...FOUR, length: 45 }],
  ['v1 over IPv6', v1('PROXY TCP6 2001:DB8::7 2001:db8:0::1 40001 443\r\n'), { ...SIX, length: 48 }],
  [
    'v1 over IPv6 that holds IPv4',
    v1('PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 40001 443\r\n'),
    { ...FOUR, length: 59 },
  ],
  ['v1 unknown', v1('PROXY UNKNOWN\r\n'), { kind: 'unknown', length: 15 }],
  ['v1 unknown, with more', v1('PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\nx'), { kind: 'unknown', length: 41 }],
  ['v2 over IPv4', v2(`21 11 000c ${FOUR_HEX} 16030100`), { ...FOUR, length: 28 }],
  ['v2 over IPv6', v2(`21 21 0024 ${SIX_HEX}`), { ...SIX, length: 52 }],
  ['v2 with extensions', v2(`21 11 0013 ${FOUR_HEX} 04 0004 00000000`), { ...FOUR, length: 35 }],
  ['v2 LOCAL', v2('20 00 0000'), { kind: 'local', length: 16 }],
  ['v2 LOCAL with addresses', v2(`20 11 000c ${FOUR_HEX}`), { kind: 'local', length: 28 }],
  ['v2 LOCAL of an unknown family', v2('20 77 0001 00'), { kind: 'local', length: 17 }],
  ['v2 unspecified', v2('21 00 0000'), { kind: 'unknown', length: 16 }],
  ['v2 over a Unix socket', v2(`21 31 00d8 ${'00'.repeat(216)}`), { kind: 'unknown', length: 232 }],
  ['v2 over UDP', v2(`21 12 000c ${FOUR_HEX}`), { kind: 'unknown', length: 28 }],
];

for (const [name, bytes, meaning] of HEADERS) {
  test(name, () => {
    assert.deepEqual(readProxyHeader(bytes), meaning);
    if (!('length' in meaning)) return;
    for (let cut = 0; cut < meaning.length; cut += 1) {
      assert.deepEqual(readProxyHeader(bytes.subarray(0, cut)), { kind: 'incomplete' }, `${cut} bytes of it`);
    }
    assert.deepEqual(readProxyHeader(bytes.subarray(0, meaning.length)), meaning);
  });
}

const WRONG: [name: string, bytes: Buffer][] = [
  ['a request', v1('GET / HTTP/1.1\r\n')],
  ['a handshake', Buffer.from('1603010200', 'hex')],
  ['a request that begins alike', v1('PROPFIND / HTTP/1.1\r\n')],
  ['lower case', v1('proxy TCP4 192.0.2.7 198.51.100.1 40001 443\r\n')],
  ['no end in 107 bytes', v1(`PROXY TCP4 ${'1'.repeat(200)}`)],
  ['an end past 107 bytes', v1(`PROXY UNKNOWN ${'1'.repeat(100)}\r\n`)],
  ['a name', v1('PROXY TCP4 localhost 198.51.100.1 40001 443\r\n')],
  ['IPv6 as IPv4', v1('PROXY TCP4 2001:db8::7 2001:db8::1 40001 443\r\n')],
  ['a zone', v1('PROXY TCP6 fe80::1%eth0 fe80::2 40001 443\r\n')],
  ['a port too large', v1('PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n')],
  ['a port with a sign', v1('PROXY TCP4 192.0.2.7 198.51.100.1 +1 443\r\n')],
  ['a port with a zero before it', v1('PROXY TCP4 192.0.2.7 198.51.100.1 080 443\r\n')],
  ['two spaces', v1('PROXY  TCP4 192.0.2.7 198.51.100.1 40001 443\r\n')],
  ['one word more', v1('PROXY TCP4 192.0.2.7 198.51.100.1 40001 443 x\r\n')],
  ['UDP', v1('PROXY UDP4 192.0.2.7 198.51.100.1 40001 443\r\n')],
  ['UNKNOWNX', v1('PROXY UNKNOWNX\r\n')],
  ['version 3', v2(`31 11 000c ${FOUR_HEX}`)],
  ['version 1 in binary', v2(`11 11 000c ${FOUR_HEX}`)],
  ['an unknown command', v2(`22 11 000c ${FOUR_HEX}`)],
  ['an unknown family', v2(`21 41 000c ${FOUR_HEX}`)],
  ['too short for IPv4', v2('21 11 000b')],
  ['too short for IPv6', v2('21 21 0023')],
  ['too long', v2('21 11 1001')],
];

for (const [name, bytes] of WRONG)
  test(`no header: ${name}`, () => assert.equal(readProxyHeader(bytes).kind, 'invalid'));

const port = fc.integer({ min: 0, max: 65_535 });
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => normaliseAddress(text) !== ''),
);
const end = fc.record({ address: address.map(normaliseAddress), port }, { noNullPrototype: true });

test('what is written is read again, in both versions', () => {
  fc.assert(
    fc.property(fc.constantFrom('v1' as const, 'v2' as const), end, end, (version, source, destination) => {
      const bytes = writeProxyHeader(version, { source, destination });
      assert.deepEqual(readProxyHeader(bytes), { kind: 'proxied', length: bytes.length, source, destination });
    }),
    { numRuns: 2000 },
  );
});

test('of its own, the gate says nothing about addresses', () => {
  assert.equal(readProxyHeader(writeProxyHeader('v1', null)).kind, 'unknown');
  assert.equal(readProxyHeader(writeProxyHeader('v2', null)).kind, 'local');
  const nobody = { source: { address: '', port: 0 }, destination: { address: '192.0.2.1', port: 443 } };
  assert.equal(readProxyHeader(writeProxyHeader('v1', nobody)).kind, 'unknown');
});

test('whatever comes: an answer, at the latest at the bound, and the same however it is cut', () => {
  const start = fc.constantFrom(
    v1('PROXY '),
    v1('PROXY TCP4 '),
    v2('21 11'),
    v2('21 21 0024'),
    v2('20'),
    Buffer.alloc(0),
  );
  const bytes = fc.tuple(start, fc.uint8Array({ maxLength: 300 })).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(bytes, fc.nat(300), (all, cut) => {
      const whole = readProxyHeader(all);
      if ('length' in whole) assert.ok(whole.length <= all.length && whole.length <= MAX_PROXY_HEADER_BYTES);
      const part = readProxyHeader(all.subarray(0, cut));
      // What was decided on a part stands.
      if (part.kind !== 'incomplete') assert.deepEqual(part, whole);
      const padded = readProxyHeader(Buffer.concat([all, Buffer.alloc(MAX_PROXY_HEADER_BYTES)]));
      assert.notEqual(padded.kind, 'incomplete');
    }),
    { numRuns: 5000 },
  );
});
