// The machine's own default gateways are read from the kernel's tables, which write addresses in their own ways.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { defaultGateways, readRoutes4, readRoutes6 } from '../../src/control/gateways.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

/** A table as the kernel prints it: each line filled up with spaces. */
function table4(...lines: string[]): string {
  return [HEAD, ...lines].map((line) => `${line.padEnd(127)}\n`).join('');
}

const DOCKER = 'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0';
const OWN_NETWORK = 'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0';
const HOME = 'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0';
const INNER = 'eth0\t0000000A\t0201A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0';
const POINT_TO_POINT = 'ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0';
const HALF = 'tun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0';

const tables4: [what: string, table: string, gateways: string[]][] = [
  ['a container', table4(DOCKER, OWN_NETWORK), ['172.17.0.1']],
  ['two uplinks', table4(DOCKER, HOME, OWN_NETWORK), ['172.17.0.1', '192.168.1.1']],
  ['routes to inner networks only', table4(OWN_NETWORK, INNER), []],
  ['a line without a gateway', table4(POINT_TO_POINT), []],
  ['half of the internet, which is no default route', table4(HALF), []],
  ['no route', table4(), []],
  ['an empty file', '', []],
  ['something else', 'no table\nat all\n\n00000000 00000000\n', []],
];
for (const [what, table, gateways] of tables4)
  it(`IPv4: ${what}`, () => assert.deepEqual(readRoutes4(table), gateways));

const ZERO = '0'.repeat(32);
const line6 = (destination: string, length: string, hop: string, device: string): string =>
  `${destination} ${length} ${ZERO} 00 ${hop} 00000400 00000001 00000000 00000003 ${device.padStart(8)}\n`;

const LINK_LOCAL = 'fe80000000000000021122fffe334455';
const GLOBAL = '20010db8000000000000000000000001';
const tables6: [what: string, table: string, gateways: string[]][] = [
  ['a link-local router', line6(ZERO, '00', LINK_LOCAL, 'eth0'), ['fe80::211:22ff:fe33:4455']],
  ['a global one, in the short spelling that sockets report', line6(ZERO, '00', GLOBAL, 'eth0'), ['2001:db8::1']],
  ['the route that refuses everything', line6(ZERO, '00', ZERO, 'lo'), []],
  ['an inner network', line6('fd000000000000000000000000000000', '08', LINK_LOCAL, 'eth0'), []],
  ['half of the internet', line6(ZERO, '01', LINK_LOCAL, 'tun0'), []],
  ['an empty file', '', []],
  ['something else', 'no table\nat all\n', []],
];
for (const [what, table, gateways] of tables6)
  it(`IPv6: ${what}`, () => assert.deepEqual(readRoutes6(table), gateways));

const folder = mkdtempSync(join(tmpdir(), 'otagate-routes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

it('says that it does not know where there are no tables to read', async () => {
  assert.deepEqual(await defaultGateways(join(folder, 'missing')), { addresses: [], known: false });
});

it('reads what is there, each gateway once', async () => {
  writeFileSync(join(folder, 'route'), table4(DOCKER, DOCKER, OWN_NETWORK));
  assert.deepEqual(await defaultGateways(folder), { addresses: ['172.17.0.1'], known: true });
  writeFileSync(join(folder, 'ipv6_route'), line6(ZERO, '00', LINK_LOCAL, 'eth0'));
  const addresses = ['172.17.0.1', 'fe80::211:22ff:fe33:4455'];
  assert.deepEqual(await defaultGateways(folder), { addresses, known: true });
});
