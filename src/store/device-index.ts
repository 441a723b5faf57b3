// Owns the index of all devices in memory: who is there, who was seen least recently, and the search for a page of them.
// SQLite takes several times as long to look through as many rows.
import type { DeviceRow, DeviceState } from '../ota/device-record.ts';
import { isSafeVersion } from '../ota/version.ts';
import type { DeviceQuery, NameCount } from './history.ts';

const MOST_FREQUENT = 200;

/** A board or a version, kept once for all devices that have it. `key` sorts as the field means it. */
type Name = { text: string; lower: string; key: string; count: number };
type Member = { device: string; board: Name; version: Name; state: DeviceState; lastSeenMs: number };
export type Indexed = Pick<DeviceRow, 'device' | 'board' | 'version' | 'state' | 'lastSeenMs' | 'proven'>;

export class DeviceIndex {
  /** Maps keep the order in which members were put in: the least recently seen comes first. */
  readonly #proven = new Map<string, Member>();
  readonly #claims = new Map<string, Member>();
  readonly #boards = new Names((text) => text);
  readonly #versions = new Names(versionKey);

  get counts(): { proven: number; claims: number } {
    return { proven: this.#proven.size, claims: this.#claims.size };
  }

  kindOf(device: string): 'proven' | 'claim' | null {
    if (this.#proven.has(device)) return 'proven';
    return this.#claims.has(device) ? 'claim' : null;
  }

  /** Takes a device in as the most recently seen. */
  put({ device, board, version, state, lastSeenMs, proven }: Indexed): void {
    this.remove(device);
    const members = proven ? this.#proven : this.#claims;
    const names = { board: this.#boards.take(board), version: this.#versions.take(version) };
    members.set(device, { device, ...names, state, lastSeenMs });
  }

  remove(device: string): void {
    const members = this.#proven.has(device) ? this.#proven : this.#claims;
    const member = members.get(device);
    if (member === undefined) return;
    this.#boards.leave(member.board);
    this.#versions.leave(member.version);
    members.delete(device);
  }

  /** Up to `count` that were seen least recently, but for those that are in `except`. */
  oldest(kind: 'proven' | 'claim', count: number, except: ReadonlySet<string>): string[] {
    const found: string[] = [];
    if (count <= 0) return found;
    for (const device of (kind === 'proven' ? this.#proven : this.#claims).keys()) {
      if (except.has(device)) continue;
      found.push(device);
      if (found.length === count) break;
    }
    return found;
  }

  /** The names of one page of devices, and how many match in all. */
  find(query: DeviceQuery): { total: number; devices: string[] } {
    const found = this.#matching(query);
    const total = found.length;
    const compare = comparison(query);
    const end = Math.min(total, query.offset + query.limit);
    if (query.offset >= end) return { total, devices: [] };
    // Only the page has to be in order: all others merely stand before or behind it.
    partition(found, 0, total - 1, query.offset, compare);
    partition(found, query.offset, total - 1, end - 1, compare);
    const page = found.slice(query.offset, end).sort(compare);
    return { total, devices: page.map(({ device }) => device) };
  }

  boards(): NameCount[] {
    return this.#boards.mostFrequent();
  }

  versions(): NameCount[] {
    return this.#versions.mostFrequent();
  }

  #matching({ search, board, version, state }: DeviceQuery): Member[] {
    const needle = search.toLowerCase();
    const boards = this.#boards.containing(needle);
    const versions = this.#versions.containing(needle);
    const found: Member[] = [];
    for (const members of [this.#proven, this.#claims]) {
      for (const member of members.values()) {
        if (state !== '' && member.state !== state) continue;
        if (board !== '' && member.board.text !== board) continue;
        if (version !== '' && member.version.text !== version) continue;
        const hit = boards.has(member.board) || versions.has(member.version) || member.device.includes(needle);
        if (hit) found.push(member);
      }
    }
    return found;
  }
}

class Names {
  readonly #names = new Map<string, Name>();
  readonly #keyOf: (text: string) => string;

  constructor(keyOf: (text: string) => string) {
    this.#keyOf = keyOf;
  }

  take(text: string): Name {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = { text, lower: text.toLowerCase(), key: text === '' ? '' : this.#keyOf(text), count: 0 };
      this.#names.set(text, name);
    }
    name.count += 1;
    return name;
  }

  leave(name: Name): void {
    name.count -= 1;
    if (name.count === 0) this.#names.delete(name.text);
  }

  containing(needle: string): Set<Name> {
    if (needle === '') return new Set(this.#names.values());
    return new Set([...this.#names.values()].filter(({ lower }) => lower.includes(needle)));
  }

  mostFrequent(): NameCount[] {
    return [...this.#names.values()]
      .flatMap(({ text, count }) => (text === '' ? [] : [{ name: text, count }]))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, MOST_FREQUENT);
  }
}

/** Sorts as `compareVersions` does; what is no version stands behind. */
function versionKey(version: string): string {
  if (!isSafeVersion(version)) return `~${version}`;
  const numbers = version.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  return numbers.map((part) => part.padStart(9, '0')).join('.');
}

type Comparison = (a: Member, b: Member) => number;

function comparison({ sort, order }: DeviceQuery): Comparison {
  const sign = order === 'asc' ? 1 : -1;
  const byDevice: Comparison = (a, b) => (a.device < b.device ? -sign : sign);
  switch (sort) {
    case 'device':
      return byDevice;
    case 'lastSeen':
      return (a, b) => (a.lastSeenMs - b.lastSeenMs) * sign || byDevice(a, b);
    case 'board':
    case 'version':
      return (a, b) => {
        const [left, right] = [a[sort].key, b[sort].key];
        return left === right ? byDevice(a, b) : left < right ? -sign : sign;
      };
  }
}

/** Quickselect: puts in place `at` what a sort would put there, smaller ones before it, larger ones behind. */
function partition(members: Member[], from: number, to: number, at: number, compare: Comparison): void {
  let [low, high] = [from, to];
  while (low < high) {
    // At random, so that nobody can name devices in an order that makes it slow.
    const pivot = members[low + Math.floor(Math.random() * (high - low + 1))];
    if (pivot === undefined) return;
    let [left, right] = [low, high];
    while (left <= right) {
      while (isBefore(members[left], pivot, compare)) left += 1;
      while (isBefore(pivot, members[right], compare)) right -= 1;
      if (left > right) break;
      const [a, b] = [members[left], members[right]];
      if (a !== undefined && b !== undefined) [members[left], members[right]] = [b, a];
      left += 1;
      right -= 1;
    }
    if (at <= right) high = right;
    else if (at >= left) low = left;
    else return;
  }
}

function isBefore(a: Member | undefined, b: Member | undefined, compare: Comparison): boolean {
  return a !== undefined && b !== undefined && a !== b && compare(a, b) < 0;
}
