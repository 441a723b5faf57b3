// Owns the audit trail: what was done to the gate, by whom, and what it did by itself.
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { State } from '../store/state.ts';
import { type AuditEntry, type AuditWhat, auditEntrySchema, type Who } from './admin/audit.ts';

const MAX_DETAIL = 400;

export class Audit {
  readonly #state: State;
  readonly #log: Log;

  constructor(state: State, log: Log) {
    this.#state = state;
    this.#log = log;
  }

  /** Keeps what happened. A full disk costs the entry, which then stands in the log alone. */
  note(what: AuditWhat, who: Who, detail: string): void {
    const entry = { atMs: Date.now(), what, who, detail: printable(detail, MAX_DETAIL) };
    this.#log.info({ event: 'audit', what, who, detail: entry.detail }, `${what} by ${who}: ${entry.detail}`);
    try {
      this.#state.audit(entry);
    } catch (error) {
      this.#log.warn({ event: 'audit-not-kept', detail: errorText(error) }, 'the audit trail cannot be written');
    }
  }

  /** The newest first. */
  list(limit: number, beforeId: number | null): AuditEntry[] {
    return this.#state.audited(limit, beforeId).flatMap((entry) => {
      const known = auditEntrySchema.safeParse(entry);
      return known.success ? [known.data] : []; // a newer version's word for something
    });
  }
}
