// Owns the interface for what several machines have to agree on, and how it is where there is one machine only.

/** The right to do something that only one may do at a time. */
export type Lease = {
  /** Grows with every lease: who has a smaller one has lost it. */
  token: number;
  /** Aborted when it is lost, or can no longer be shown to be held. What was begun under it must end then. */
  lost: AbortSignal;
  /** Gives it up; nobody else takes it within `restMs`. Never throws. */
  release: (restMs?: number) => Promise<void>;
};

export type Agreement = {
  /**
   * Null where another one holds it, or where nobody can be asked; then it is nobody's here. `lifeMs` after its holder's
   * death another one can have it.
   */
  lease: (name: string, lifeMs?: number) => Promise<Lease | null>;
  /**
   * Lets a member into a set of at most `max`; one that is in stays in. `full` where there is no room, `unknown` where
   * nobody can be asked. Sets are forgotten 30 days after their last use; where one is not there, `known` says who was in it.
   */
  admit: (
    set: string,
    member: string,
    max: number,
    known?: () => Promise<string[]>,
  ) => Promise<'in' | 'full' | 'unknown'>;
  /** Nobody is in it any more, and it may begin anew; where nobody can be asked now, before it does. Never rejects. */
  forget: (set: string) => Promise<void>;
};

const MAX_SETS = 1_000;

/** One machine agrees with itself at once. */
export function aloneAgreement(): Agreement {
  const held = new Set<string>();
  const sets = new Map<string, Set<string>>();
  let token = 0;
  return {
    lease: async (name) => {
      if (held.has(name)) return null;
      held.add(name);
      token += 1;
      return { token, lost: new AbortController().signal, release: async () => void held.delete(name) };
    },
    admit: async (set, member, max) => {
      const members = sets.get(set) ?? new Set();
      sets.delete(set);
      sets.set(set, members);
      for (const oldest of sets.keys()) {
        if (sets.size <= MAX_SETS) break;
        sets.delete(oldest);
      }
      if (members.has(member)) return 'in';
      if (members.size >= max) return 'full';
      members.add(member);
      return 'in';
    },
    forget: async (set) => void sets.delete(set),
  };
}
