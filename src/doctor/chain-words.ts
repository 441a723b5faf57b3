// Owns the English words for what a device finds in a certificate chain: those of the chain check itself, as a rule.
import type { FindingCode } from '../tls/device-finding.ts';
import type { Sentences } from './finding.ts';
import type { Finding } from './judge/code.ts';

type Values = Finding['values'];

/** Findings of the chain check bring their own sentences. */
function chain({ what = '', why = '', remedy = '' }: Values): Sentences {
  return { what, why, remedy };
}

export const chainWords: Record<FindingCode, (values: Values) => Sentences> = {
  'chain-order': chain,
  'chain-size': chain,
  'chain-stranger': chain,
  'chain-too-large': chain,
  'chain-unreadable': chain,
  'cross-sign': chain,
  'cross-sign-needless': chain,
  expired: ({ what = '', remedy = '' }) => ({
    what: `the certificate ${what}`,
    why: 'the console refuses the address, browsers warn, and so does firmware that was built to look at dates',
    remedy,
  }),
  'intermediate-missing': chain,
  'issuer-leaving': chain,
  'issuer-new': chain,
  'issuer-unknown': chain,
  'leaf-key': chain,
  'name-missing': chain,
  'not-yet-valid': ({ what = '', remedy = '' }) => ({
    what: `the certificate is ${what}`,
    why: 'the console refuses the address, and browsers warn',
    remedy,
  }),
  'record-size': chain,
  'root-included': chain,
  'signature-slow': chain,
  'signature-weak': chain,
};
