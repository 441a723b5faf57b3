// Carries out `otagate openings --history`: what was done to the gate, by whom, and what it did by itself.
import { printable } from '../base/printable.ts';
import type { AuditEntry } from '../store/state.ts';
import { printAnswer } from './answer.ts';
import type { Context } from './context.ts';
import { table } from './table.ts';
import { localTime } from './times.ts';
import { worded } from './worded.ts';

const STANDARD_LIMIT = 100;
const MAX_DETAIL = 500;

/** The newest comes last, as in a log: that is where people look. In JSON it comes first, as the gate gives it. */
export function listAudit(context: Context, limit: number = STANDARD_LIMIT): Promise<number> {
  const { words, terminal } = context;
  const path = `/api/v1/audit?limit=${limit}`;
  return printAnswer<AuditEntry[]>(context, { method: 'GET', path }, (entries) => {
    if (entries.length === 0) return [words.audit.none];
    const rows = entries
      .map(({ atMs, what, who, detail }) => [
        localTime(atMs),
        worded(words.audit.what, what),
        worded(words.who, who),
        printable(detail, MAX_DETAIL),
      ])
      .reverse();
    if (entries.length === limit) terminal.tell(words.audit.more(limit));
    return table(words.audit.titles, rows, terminal.paint);
  });
}
