// Owns DeviceFinding: one thing that a device finds in a certificate chain, in words for the operator.

export type FindingCode =
  | 'chain-order'
  | 'chain-size'
  | 'chain-stranger'
  | 'chain-too-large'
  | 'chain-unreadable'
  | 'cross-sign'
  | 'cross-sign-needless'
  | 'expired'
  | 'intermediate-missing'
  | 'issuer-leaving'
  | 'issuer-new'
  | 'issuer-unknown'
  | 'leaf-key'
  | 'name-missing'
  | 'not-yet-valid'
  | 'record-size'
  | 'root-included'
  | 'signature-slow'
  | 'signature-weak';

export type DeviceFinding = {
  code: FindingCode;
  /** A fault keeps devices out. A warning costs them time or memory, or keeps some out. A note is for others to heed. */
  severity: 'fault' | 'warning' | 'note';
  what: string;
  /** Why it matters to a device. */
  why: string;
  remedy: string;
};
