// Owns the rules for a record that two machines changed at the same time: which of the two counts. Pure.

/** What the part before the slash is, of a record's name. */
export function kindOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf('/')));
}

/**
 * Whose value counts; null stands for a removed record. Every machine comes to the same, whoever was first.
 * What is not known here, of a newer otagate, is left as the others have it.
 */
export function winner(name: string, ours: unknown, theirs: unknown): 'ours' | 'theirs' {
  switch (kindOf(name)) {
    // Closed is closed, whatever else became of it.
    case 'opening':
      return ours === null && theirs !== null ? 'ours' : 'theirs';
    case 'certificate':
      return later(ours, theirs, 'obtainedMs');
    case 'image':
      return ours === null ? 'ours' : theirs === null ? 'theirs' : later(ours, theirs, 'changedMs');
    case 'name':
      return later(ours, theirs, 'checkedMs');
    // The more careful one: that was held, or has stopped.
    case 'rollout':
      if (ours === null || theirs === null) return ours === null ? 'ours' : 'theirs';
      return carefulness(ours) > carefulness(theirs) ? 'ours' : 'theirs';
    // One that stands: the first one that was made for all.
    default:
      return 'theirs';
  }
}

type Known = { value: unknown; version: number; untold: number };

/**
 * What becomes of a record that Redis has so: taken, kept as this machine has it, or kept and told again. `own` is null for
 * what is not known here. `settles`: what this machine told may have been lost with another Redis, which counted on by the
 * same numbers, so that versions alone say nothing of whose is later.
 */
export function judge(
  name: string,
  own: Known | null,
  theirs: { value: unknown; version: number },
  settles: boolean,
): 'take' | 'keep' | 'retell' {
  if (own === null) return 'take';
  const isNewer = own.version < theirs.version;
  if (!settles) {
    if (!isNewer) return 'keep';
    return own.untold > 0 && winner(name, own.value, theirs.value) === 'ours' ? 'retell' : 'take';
  }
  if (isSame(own.value, theirs.value)) return isNewer ? 'take' : 'keep';
  // The later number of a Redis that is in charge no more opens nothing that was closed here meanwhile.
  if (own.version > theirs.version) return kindOf(name) === 'opening' && theirs.value === null ? 'take' : 'keep';
  if (winner(name, own.value, theirs.value) === 'ours') return 'retell';
  return isNewer || own.untold === 0 ? 'take' : 'keep';
}

/** Whether two values say the same, as JSON has them. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function later(ours: unknown, theirs: unknown, key: string): 'ours' | 'theirs' {
  return momentOf(ours, key) > momentOf(theirs, key) ? 'ours' : 'theirs';
}

function carefulness(rollout: unknown): number {
  const { held, stops } = rollout as { held?: unknown; stops?: unknown };
  return (held === true ? 1 : 0) + (Array.isArray(stops) ? stops.length : 0);
}

function momentOf(value: unknown, key: string): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Number(Object.getOwnPropertyDescriptor(value, key)?.value ?? 0);
}
