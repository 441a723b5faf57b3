// An outcome counts for a network that one customer has, however many addresses that is.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clientNetwork } from '../../src/ota/client-network.ts';

const cases: [client: string, network: string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['2001:db8:1:ffff::1', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['2001::5', '2001:0:0::/48'],
  ['3fff:1:2::', '3fff:1:2::/48'],
  ['fd00:1:2:3::4', 'fd00:1:2:3::4'],
  ['fe80::1', 'fe80::1'],
  ['::1', '::1'],
  ['', 'unknown'],
];

for (const [client, network] of cases)
  it(`${client || 'no address'} counts as ${network}`, () => assert.equal(clientNetwork(client), network));
