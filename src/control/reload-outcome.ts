// Owns what a reload answers: what changed, or every fault.
export type ReloadOutcome = { ok: true; changed: string[]; warnings: string[] } | { ok: false; faults: string[] };
