// The serial numbers of the local CA: whatever the dice say, OpenSSL takes the certificate.
import assert from 'node:assert/strict';
import crypto, { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { localCertificate } from '../../src/tls/local-ca.ts';

for (const [name, first] of Object.entries({ zeros: [0, 0], 'a zero and a high bit': [0, 0x80], ones: [0xff, 0xff] })) {
  test(`a serial number of ${name}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'otagate-ca-'));
    const dice = t.mock.method(crypto, 'randomBytes', (size: number) =>
      Buffer.from(Array.from({ length: size }, (_, at) => first[at] ?? 1)),
    );
    syncBuiltinESMExports();
    t.after(() => {
      dice.mock.restore();
      syncBuiltinESMExports();
      rmSync(folder, { recursive: true, force: true });
    });
    const { certPem, keyPem, rootPem } = localCertificate(folder, ['ota.test'], Date.now());
    createSecureContext({ cert: certPem, key: keyPem, ca: rootPem });
    for (const pem of [certPem, rootPem]) {
      const { serialNumber } = new X509Certificate(pem);
      assert.ok(serialNumber.length <= 40 && !serialNumber.startsWith('-'), serialNumber);
    }
  });
}
