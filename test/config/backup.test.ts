// Owns the backup keys: who can read the backups is named by a public key, and a secret one is never repeated.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../src/config/finding.ts';
import { BASE, faultsOf } from './checked.ts';

test('a secret key in the place of the public one is refused, and shown nowhere', () => {
  const faults = faultsOf(`${BASE}backup: { folder: ../b, recipient: AGE-SECRET-KEY-1HIDDEN }\n`);
  assert.match(
    faults.map(formatFinding).join(),
    /backup\.recipient: is a secret key, which belongs on another machine/,
  );
  assert.doesNotMatch(JSON.stringify(faults), /HIDDEN/);
});

test('what is no key at all is shown', () => {
  const faults = faultsOf(`${BASE}backup: { folder: ../b, recipient: somebody }\n`);
  assert.match(faults.map(formatFinding).join(), /is not the public key of age \(found "somebody"\)/);
});
