// Versions are safe where every firmware can parse them, and compared number by number.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareVersions, isSafeVersion } from '../../src/ota/version.ts';

const safe = ['0', '1', '1.0', '2.0.0', '1.10.3.4.5', '999999999', '0.0.0', '007.1', '1.'.repeat(31).concat('1')];
const unsafe = [
  '',
  '.',
  'v2.1',
  '2..1',
  '.1',
  '1.',
  '1.0-rc',
  '1,0',
  '1 ',
  ' 1',
  '1\n',
  '+1',
  '-1',
  '1e3',
  '0x1',
  '１.０',
];
const tooLarge = ['1000000000', '2147483648', '1.2147483647', '1.'.repeat(40).concat('1')];

for (const version of safe) it(`${version} is safe`, () => assert.equal(isSafeVersion(version), true));
for (const version of [...unsafe, ...tooLarge]) {
  it(`${JSON.stringify(version)} is not safe`, () => assert.equal(isSafeVersion(version), false));
}

const ordered = ['0', '0.9.9', '1', '1.0', '1.0.0', '1.0.1', '1.2', '1.9.9', '1.10', '2', '2.0', '999999999'];

it('orders versions as the device does: by number, and on a tie the longer one is newer', () => {
  for (const [left, a] of ordered.entries()) {
    for (const [right, b] of ordered.entries())
      assert.equal(compareVersions(a, b), Math.sign(left - right), `${a} and ${b}`);
  }
});

it('does not see leading zeroes', () => assert.equal(compareVersions('01.002', '1.2'), 0));
