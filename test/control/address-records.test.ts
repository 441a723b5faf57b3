// The look at AAAA records: named where only IPv4 is listened on, silent where nothing can be known.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LookUp6, strayAddressRecords } from '../../src/control/address-records.ts';

const V4 = { http: [{ host: '0.0.0.0', port: 80 }], https: [{ host: '192.0.2.7', port: 443 }] };
const V6 = { http: [{ host: '0.0.0.0', port: 80 }], https: [{ host: '::', port: 443 }] };
const found: LookUp6 = async (name) => {
  if (name === 'ota.example.com') return ['2001:db8::7'];
  throw new Error('ENODATA');
};

describe('AAAA records on a machine that listens on IPv4 only', () => {
  it('are named, with the address and the way out', async () => {
    const [text, ...rest] = await strayAddressRecords(['ota.example.com', 'other.example.com'], V4, found);
    assert.match(text ?? '', /^ota\.example\.com has an AAAA record \(2001:db8::7\).*IPv4 only.*\[::\]:443/);
    assert.deepEqual(rest, []);
  });

  it('are no fault where IPv6 is listened on', async () => {
    assert.deepEqual(await strayAddressRecords(['ota.example.com'], V6, found), []);
  });

  it('are not looked for where the domain is an address or a wildcard, or nothing is listened on', async () => {
    const never: LookUp6 = () => assert.fail('looked up');
    assert.deepEqual(await strayAddressRecords(['192.0.2.7', '*.example.com'], V4, never), []);
    assert.deepEqual(await strayAddressRecords(['ota.example.com'], { http: [], https: [] }, never), []);
  });
});
