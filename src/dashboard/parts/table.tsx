// Owns tables. On a narrow screen each row becomes a small card, and stays a row to a screen reader.
import type { ComponentChildren } from 'preact';
import type { Sort } from '../base/device-query.ts';
import { Icon } from './icon.tsx';

// With another `display`, some browsers take these elements for no table any more: their roles are said out loud.
const TABLE = { role: 'table' } as const;
const GROUP = { role: 'rowgroup' } as const;
const ROW = { role: 'row' } as const;
const HEAD = { role: 'columnheader' } as const;
const CELL = { role: 'cell' } as const;

export type Column<Row> = {
  key: string;
  head: string;
  cell: (row: Row) => ComponentChildren;
  sort?: Sort;
  class?: string;
};

type TableProps<Row> = {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  sorted?: { by: Sort; order: 'asc' | 'desc'; onSort: (sort: Sort) => void };
};

export function Table<Row>({ caption, columns, rows, keyOf, sorted }: TableProps<Row>) {
  return (
    <table class="table" {...TABLE}>
      <caption class="unseen">{caption}</caption>
      <thead {...GROUP}>
        <tr {...ROW}>
          {columns.map((column) => (
            <th key={column.key} {...HEAD} scope="col" class={column.class} aria-sort={ariaSort(column, sorted)}>
              {column.sort === undefined || sorted === undefined ? (
                column.head
              ) : (
                <SortButton head={column.head} sort={column.sort} sorted={sorted} />
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...GROUP}>
        {rows.map((row) => (
          <tr key={keyOf(row)} {...ROW}>
            {columns.map((column) => (
              <td key={column.key} {...CELL} class={column.class} data-head={column.head}>
                <div>{column.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Sorted = NonNullable<TableProps<unknown>['sorted']>;

function SortButton({ head, sort, sorted }: { head: string; sort: Sort; sorted: Sorted }) {
  const on = sorted.by === sort;
  return (
    <button type="button" class={`sort${on ? ' on' : ''}`} onClick={() => sorted.onSort(sort)}>
      {head}
      <Icon name={on && sorted.order === 'asc' ? 'up' : 'down'} size={13} />
    </button>
  );
}

function ariaSort<Row>({ sort }: Column<Row>, sorted: Sorted | undefined): 'ascending' | 'descending' | undefined {
  if (sort === undefined || sorted?.by !== sort) return undefined;
  return sorted.order === 'asc' ? 'ascending' : 'descending';
}
