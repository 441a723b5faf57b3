// Owns the audit trail: what was done, by whom, the newest first.
import { useEffect, useState } from 'preact/hooks';
import type { AuditEntry } from '../api.ts';
import { useCell, useFormat, useGate, useWords } from '../base/hooks.ts';
import { visible } from '../base/visible.ts';
import { Button } from './button.tsx';
import { Card, Empty, Loading } from './card.tsx';
import { Table } from './table.tsx';
import { attempt } from './words-of-error.ts';

const PAGE = 15;

/** `changes` counts up when something was done here. */
export function AuditTrail({ changes }: { changes: number }) {
  const words = useWords();
  const format = useFormat();
  const gate = useGate();
  const openings = useCell(gate.openings);
  const status = useCell(gate.status);
  const [entries, setEntries] = useState<AuditEntry[] | null>(null);
  const [whole, setWhole] = useState(false);
  const [fault, setFault] = useState(false);

  useEffect(() => {
    let gone = false;
    const take = (newest: AuditEntry[]): void => {
      if (gone) return;
      setEntries((now) => merged(newest, now ?? []));
      setWhole((was) => was || newest.length < PAGE);
      setFault(false);
    };
    gate.client.get<AuditEntry[]>(`audit?limit=${PAGE}`).then(take, () => setFault(true));
    return () => {
      gone = true;
    };
  }, [gate, openings, status, changes]);

  const older = async (): Promise<void> => {
    const last = entries?.at(-1)?.id ?? '';
    await attempt(words.frame, async () => {
      const more = await gate.client.get<AuditEntry[]>(`audit?limit=${PAGE}&before=${encodeURIComponent(last)}`);
      setEntries((now) => merged(now ?? [], more));
      setWhole(more.length < PAGE);
    });
  };

  const { whats, whos } = words.openings as Readonly<Record<'whats' | 'whos', Readonly<Record<string, string>>>>;
  return (
    <Card title={words.openings.audit} icon="log">
      {entries === null && (fault ? <p class="mute">{words.frame.unreachable}</p> : <Loading />)}
      {entries?.length === 0 && <Empty icon="log" text={words.openings.auditNone} />}
      {entries !== null && entries.length > 0 && (
        <Table
          caption={words.openings.audit}
          rows={entries}
          keyOf={({ id }) => id}
          columns={[
            { key: 'at', head: words.openings.at, class: 'narrow', cell: ({ atMs }) => format.moment(atMs) },
            {
              key: 'what',
              head: words.openings.what,
              class: 'lead',
              cell: ({ what }) => whats[what] ?? visible(what, 60),
            },
            { key: 'who', head: words.openings.who, cell: ({ who }) => whos[who] ?? visible(who, 60) },
            {
              key: 'detail',
              head: words.openings.detail,
              class: 'wide',
              cell: ({ detail }) => <span class="breakable">{visible(detail, 500)}</span>,
            },
          ]}
        />
      )}
      {!whole && entries !== null && entries.length > 0 && (
        <div class="row middle">
          <Button onPress={older}>{words.openings.older}</Button>
        </div>
      )}
    </Card>
  );
}

/** Both lists in order, each entry once. */
function merged(newer: readonly AuditEntry[], older: readonly AuditEntry[]): AuditEntry[] {
  const known = new Set(newer.map(({ id }) => id));
  return [...newer, ...older.filter(({ id }) => !known.has(id))];
}
