// Owns what the list of devices is asked for: as it stands in the page's address, and as the API takes it.

export const SORTS = ['lastSeen', 'device', 'board', 'version'] as const;
export type Sort = (typeof SORTS)[number];

export type DeviceQuery = {
  search: string;
  board: string;
  version: string;
  state: string;
  sort: Sort;
  order: 'asc' | 'desc';
  offset: number;
};

export const PAGE = 50;

const START: DeviceQuery = {
  search: '',
  board: '',
  version: '',
  state: '',
  sort: 'lastSeen',
  order: 'desc',
  offset: 0,
};

/** Reads `?board=…&offset=50`; what is missing or senseless is as at the start. */
export function readQuery(search: string): DeviceQuery {
  const given = new URLSearchParams(search);
  const offset = Number(given.get('offset') ?? 0);
  const sort = SORTS.find((one) => one === given.get('sort')) ?? START.sort;
  const order = given.get('order');
  return {
    search: given.get('search') ?? '',
    board: given.get('board') ?? '',
    version: given.get('version') ?? '',
    state: given.get('state') ?? '',
    sort,
    order: order === 'asc' || order === 'desc' ? order : firstOrder(sort),
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  };
}

/** The query as it stands in the address: only what differs from the start. Empty, or with its `?`. */
export function writeQuery(query: DeviceQuery): string {
  const differing = Object.entries(query).filter(
    ([name, value]) => value !== (name === 'order' ? firstOrder(query.sort) : START[name as keyof DeviceQuery]),
  );
  const text = new URLSearchParams(differing.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

export function apiPath(query: DeviceQuery): string {
  const all = { ...query, limit: PAGE };
  const given = Object.entries(all).filter(([, value]) => value !== '');
  return `devices?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** Another part of the devices begins at its first page. */
export function narrowed(query: DeviceQuery, change: Partial<DeviceQuery>): DeviceQuery {
  return { ...query, offset: 0, ...change };
}

/** The order after a click on a column: the other way round, or the column's own first. */
export function sortedBy(query: DeviceQuery, sort: Sort): DeviceQuery {
  const order = query.sort !== sort ? firstOrder(sort) : query.order === 'asc' ? 'desc' : 'asc';
  return narrowed(query, { sort, order });
}

function firstOrder(sort: Sort): 'asc' | 'desc' {
  return sort === 'lastSeen' ? 'desc' : 'asc';
}
