// Owns the names of the keys in Redis. The braces put all keys of an installation into one slot of a cluster.

export type Keys = { meta: string; changes: string; records: string; left: string; machines: string; journal: string };

const at = (installation: string, what: string): string => `otagate:{${installation}}:${what}`;

export function keysOf(installation: string): Keys {
  return {
    /** Hash: epoch, format, seq, clock, token. */
    meta: at(installation, 'meta'),
    /** Sorted set: record → when it changed last, as a running number. */
    changes: at(installation, 'changes'),
    /** Hash: record → version:sealed value; nothing behind the colon where it was removed. */
    records: at(installation, 'records'),
    /** Sorted set: removed record → when, in milliseconds. */
    left: at(installation, 'left'),
    /** Hash: machine → when it was here, and what it says of itself. */
    machines: at(installation, 'machines'),
    /** Stream: what gates saw, in batches. */
    journal: at(installation, 'journal'),
  };
}

/** On which a change is made known. */
export function channelOf(installation: string): string {
  return at(installation, 'changed');
}

export function leaseKey(installation: string, name: string): string {
  return at(installation, `lease:${name}`);
}

/** A set of those that were let in. */
export function setKey(installation: string, name: string): string {
  return at(installation, `set:${name}`);
}

/** A stream: the parts of an image that passes from one machine to the others. */
export function passageKey(installation: string, name: string): string {
  return at(installation, `passage:${name}`);
}

/** Sorted set: passage → when it ends; and beside it a hash: passage → its bytes. */
export function passagesKeys(installation: string): [string, string] {
  return [at(installation, 'passages'), at(installation, 'passage-bytes')];
}
