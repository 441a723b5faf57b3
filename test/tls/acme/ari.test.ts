// The identifier of a certificate for renewal information (RFC 9773 section 4.1).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { certificateId } from '../../../src/tls/acme/ari.ts';
import { issue } from '../issue.ts';

// RFC 9773 appendix A.
const EXAMPLE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;

test("the RFC's own example", () => {
  assert.equal(certificateId(EXAMPLE), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
});

const ca = issue({ name: 'A CA', ca: true });
const keyId = createHash('sha1')
  .update(ca.keys.public.export({ type: 'spki', format: 'der' }))
  .digest('base64url');

// What stands in the certificate: DER puts 00 before a first bit that is set (X.690 section 8.3).
for (const serial of [
  '01',
  '7f',
  '0080',
  '0a',
  '0abc',
  '1234',
  '00ff00',
  '008000',
  '4000000000000000000000000000000000000001',
  '00ffffffffffffffffffffffffffffffffffffff',
]) {
  test(`serial number ${serial}`, () => {
    const { pem } = issue({ name: 'leaf', by: ca, serial });
    assert.equal(certificateId(pem), `${keyId}.${Buffer.from(serial, 'hex').toString('base64url')}`);
  });
}

test('only the first certificate of a chain counts', () => {
  const leaf = issue({ name: 'leaf', by: ca, serial: '0102' });
  assert.equal(certificateId(leaf.pem + ca.pem), certificateId(leaf.pem));
});

test('none for a certificate that does not say which key signed it', () => {
  assert.equal(certificateId(issue({ name: 'bare', authorityKeyId: false }).pem), null);
});
