// Owns a bundle of roots that somebody brings along: those that a firmware of theirs was built with.

import { parseChain } from './chain.ts';
import { bundleOf, bundleRoot, type EspBundle } from './esp-bundle.ts';

const TODAY = [{ date: 'today', source: 'brought along' }];

/** The roots of these PEM texts, in place of ESP-IDF's. @throws {GateError} TLS_MATERIAL for what cannot be read */
export function bundleOfRoots(pems: readonly string[]): EspBundle {
  const roots = pems.flatMap((pem) => parseChain(pem, 'the file with the roots'));
  return bundleOf(
    TODAY,
    roots.map((root) => bundleRoot(root, [true])),
  );
}
