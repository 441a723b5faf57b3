// Addresses have one spelling; loopback and the machine's own gateways are LAN only where they are listed by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileNetworks, isLoopback, lanTest, normaliseAddress, PRIVATE_NETWORKS } from '../../src/policy/networks.ts';

const spellings: [text: string | undefined, address: string][] = [
  ['192.168.1.2', '192.168.1.2'],
  ['::ffff:192.168.1.2', '192.168.1.2'],
  ['::FFFF:192.168.1.2', '192.168.1.2'],
  ['::ffff:c0a8:102', '192.168.1.2'],
  ['0:0:0:0:0:FFFF:192.168.1.2', '192.168.1.2'],
  ['::ffff:0:1', '0.0.0.1'],
  ['::ffff:192.168.1.2%eth0', '192.168.1.2'],
  ['fe80::1%eth0', 'fe80::1'],
  ['fe80::1%', 'fe80::1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  [undefined, ''],
  ['', ''],
  ['unknown', ''],
  ['_hidden', ''],
  ['010.1.1.1', ''],
  ['10.1', ''],
  ['256.1.1.1', ''],
  ['::ffff:999.1.1.1', ''],
  ['1.2.3.4%eth0', ''],
  ['[::1]', ''],
  ['::1]/x', ''],
  ['192.168.1.2:80', ''],
  [' 192.168.1.2', ''],
];

for (const [text, address] of spellings) {
  it(`${text} is ${address || 'no address'}`, () => assert.equal(normaliseAddress(text), address));
}

describe('compileNetworks', () => {
  it('takes networks and single addresses of both families', () => {
    const inside = compileNetworks(['203.0.113.0/24', '198.51.100.7', '2001:db8::/32', 'fd00::1']);
    const yes = ['203.0.113.0', '203.0.113.255', '198.51.100.7', '2001:db8:ffff::1', 'fd00::1'];
    const no = ['203.0.114.0', '198.51.100.8', '2001:db9::1', 'fd00::2', '', 'unknown', '203.0.113'];
    assert.deepEqual([...yes, ...no].filter(inside), yes);
  });

  it('is nobody where nothing is listed, and everybody of a family for /0', () => {
    assert.equal(compileNetworks([])('192.168.1.2'), false);
    assert.deepEqual(['1.2.3.4', '2001:db8::1'].filter(compileNetworks(['0.0.0.0/0'])), ['1.2.3.4']);
  });

  it('throws for what the configuration would not have let through', () => {
    for (const entry of ['private', '', '10.1/16', '300.0.0.0/8']) {
      assert.throws(() => compileNetworks([entry]), TypeError, entry);
    }
  });

  it('knows all private networks to their borders', () => {
    const inside = compileNetworks(PRIVATE_NETWORKS);
    const yes = ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.1.1'];
    const yes6 = ['fc00::1', 'fdff:ffff::1', 'fe80::1', 'febf::1'];
    const no = ['9.255.255.255', '11.0.0.0', '172.15.0.1', '172.32.0.1', '192.169.0.1', '100.64.0.1', '127.0.0.1'];
    const no6 = ['fec0::1', '::1', '2001:db8::1', 'ff02::1'];
    assert.deepEqual([...yes, ...yes6, ...no, ...no6].filter(inside), [...yes, ...yes6]);
  });
});

const lans: [lan: string[], gateways: string[], address: string, isLan: boolean, why: string][] = [
  [['private'], [], '192.168.1.20', true, 'a neighbour'],
  [['private'], [], '203.0.113.9', false, 'a stranger'],
  [['private'], [], '', false, 'an unknown client'],
  [['private'], [], '127.0.0.1', false, 'loopback is not private'],
  [['private'], [], '::1', false, 'nor is that of IPv6'],
  [[], [], '192.168.1.20', false, 'nobody where nothing is listed'],
  [['private'], ['172.17.0.1'], '172.17.0.1', false, 'the own gateway'],
  [['private'], ['172.17.0.1'], '172.17.0.2', true, 'the container beside it'],
  [['private'], ['fe80::1'], 'fe80::1', false, 'the own gateway by IPv6'],
  [['172.17.0.0/16'], ['172.17.0.1'], '172.17.0.1', false, 'a network was not written with the gateway in mind'],
  [['private', '172.17.0.1'], ['172.17.0.1'], '172.17.0.1', true, 'the gateway, by hand'],
  [['private', '172.17.0.1/32'], ['172.17.0.1'], '172.17.0.1', true, 'the gateway, by hand with a prefix'],
  [['fd00::1/128'], ['fd00::1'], 'fd00::1', true, 'the gateway, by hand by IPv6'],
  [['fd00::/32'], ['fd00::'], 'fd00::', false, 'a /32 of IPv6 is a network'],
  [['private', '172.17.0.1'], ['172.17.0.1', '192.168.1.1'], '192.168.1.1', false, 'the other gateway'],
  [['127.0.0.1'], [], '127.0.0.1', true, 'loopback, by hand'],
  [['127.0.0.1'], [], '127.0.0.2', false, 'no more of loopback than was listed'],
  [['127.0.0.0/8'], [], '127.9.9.9', true, 'all of loopback, by hand'],
  [['::1'], [], '::1', true, 'loopback of IPv6, by hand'],
  [['0.0.0.0/0'], [], '127.0.0.1', false, 'everything is not by hand'],
  [['0.0.0.0/0'], [], '203.0.113.9', true, 'everything holds strangers'],
  [['127.0.0.1'], ['127.0.0.1'], '127.0.0.1', true, 'by hand outweighs everything'],
];

for (const [lan, gateways, address, isLan, why] of lans) {
  it(`LAN ${lan.join(' ') || 'nobody'}, gateways ${gateways.join(' ') || 'none'}: ${why}`, () => {
    assert.equal(lanTest(lan, gateways)(address), isLan);
  });
}

it('tells loopback from the rest', () => {
  assert.deepEqual(['127.0.0.1', '127.255.0.1', '::1', '128.0.0.1', '::2', ''].filter(isLoopback), [
    '127.0.0.1',
    '127.255.0.1',
    '::1',
  ]);
});
