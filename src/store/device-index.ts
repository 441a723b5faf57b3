// Owns the index of all devices in memory: who is there, who was seen least recently, and the search for a page of them.
// SQLite would take several times as long to look through as many rows.
import type { DeviceRow, DeviceState } from '../ota/device-record.ts';
import { isSafeVersion } from '../ota/version.ts';
import type { DeviceQuery, NameCount } from './history.ts';

const MOST_FREQUENT = 200;
const MAX_UNSORTED = 1_000;

/** A board or a version, kept once for all devices that have it. `key` sorts as the field means it; `hit`: the search finds it. */
type Name = { text: string; lower: string; key: string; count: number; hit: boolean };
type Member = { device: string; board: Name; version: Name; state: DeviceState; lastSeenMs: number };
export type Indexed = Pick<DeviceRow, 'device' | 'board' | 'version' | 'state' | 'lastSeenMs' | 'proven'>;

export class DeviceIndex {
  /** Maps keep the order in which members were put in: the least recently seen comes first. */
  readonly #proven = new Map<string, Member>();
  readonly #claims = new Map<string, Member>();
  /** In the order of names, but for what came and went since: one by one they would each move half of all others. */
  #byDevice: Member[] = [];
  #came: Member[] = [];
  readonly #went = new Set<Member>();
  readonly #boards = new Names((text) => text);
  readonly #versions = new Names(versionKey);

  /** Takes in devices as they were kept, in the order of their names. */
  constructor(kept: Iterable<Indexed> = []) {
    const inOrder: [boolean, Member][] = [];
    for (const row of kept) {
      const member = this.#memberOf(row);
      this.#byDevice.push(member);
      inOrder.push([row.proven, member]);
    }
    inOrder.sort(([, a], [, b]) => a.lastSeenMs - b.lastSeenMs);
    for (const [proven, member] of inOrder) (proven ? this.#proven : this.#claims).set(member.device, member);
  }

  get counts(): { proven: number; claims: number } {
    return { proven: this.#proven.size, claims: this.#claims.size };
  }

  kindOf(device: string): 'proven' | 'claim' | null {
    if (this.#proven.has(device)) return 'proven';
    return this.#claims.has(device) ? 'claim' : null;
  }

  /** Takes a device in, or what is new of it, as the most recently seen. */
  put(row: Indexed): void {
    const { device } = row;
    const known = this.#proven.get(device) ?? this.#claims.get(device);
    const member = this.#memberOf(row, known);
    if (known === undefined) this.#came.push(member);
    this.#proven.delete(device);
    this.#claims.delete(device);
    (row.proven ? this.#proven : this.#claims).set(device, member);
    if (this.#came.length >= MAX_UNSORTED) this.#sortIn();
  }

  remove(device: string): void {
    const member = this.#proven.get(device) ?? this.#claims.get(device);
    if (member === undefined) return;
    this.#boards.leave(member.board);
    this.#versions.leave(member.version);
    this.#went.add(member);
    this.#proven.delete(device);
    this.#claims.delete(device);
    if (this.#went.size >= MAX_UNSORTED) this.#sortIn();
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
    const found = this.#sorted(query);
    const total = found.length;
    const { offset, limit } = query;
    const page =
      query.order === 'asc'
        ? found.slice(offset, offset + limit)
        : found.slice(Math.max(0, total - offset - limit), Math.max(0, total - offset)).reverse();
    return { total, devices: page.map(({ device }) => device) };
  }

  boards(): NameCount[] {
    return this.#boards.mostFrequent();
  }

  versions(): NameCount[] {
    return this.#versions.mostFrequent();
  }

  #memberOf(row: Indexed, known?: Member): Member {
    const board = this.#boards.take(row.board);
    const version = this.#versions.take(row.version);
    const { device, state, lastSeenMs } = row;
    if (known === undefined) return { device, board, version, state, lastSeenMs };
    this.#boards.leave(known.board);
    this.#versions.leave(known.version);
    return Object.assign(known, { board, version, state, lastSeenMs });
  }

  /** All that match, ascending: nothing here sorts many that are in no order yet. */
  #sorted(query: DeviceQuery): Member[] {
    const { sort } = query;
    const matches = this.#matcher(query);
    if (sort === 'lastSeen') {
      const found: Member[] = [];
      for (const members of [this.#proven, this.#claims]) {
        for (const member of members.values()) if (matches(member)) found.push(member);
      }
      return found.sort((a, b) => a.lastSeenMs - b.lastSeenMs);
    }
    this.#sortIn();
    const found = this.#byDevice.filter(matches);
    if (sort === 'device') return found;
    const groups = Map.groupBy(found, (member) => member[sort]);
    return [...groups].sort(([a], [b]) => (a.key < b.key ? -1 : 1)).flatMap(([, members]) => members);
  }

  #matcher({ search, board, version, state }: DeviceQuery): (member: Member) => boolean {
    const needle = search.toLowerCase();
    this.#boards.mark(needle);
    this.#versions.mark(needle);
    return (member) =>
      (state === '' || member.state === state) &&
      (board === '' || member.board.text === board) &&
      (version === '' || member.version.text === version) &&
      (member.board.hit || member.version.hit || member.device.includes(needle));
  }

  #sortIn(): void {
    if (this.#came.length === 0 && this.#went.size === 0) return;
    const came = this.#came.filter((member) => !this.#went.has(member)).sort((a, b) => (a.device < b.device ? -1 : 1));
    const sorted: Member[] = [];
    let next = 0;
    for (const member of this.#byDevice) {
      if (this.#went.has(member)) continue;
      for (let first = came[next]; first !== undefined && first.device < member.device; first = came[next]) {
        sorted.push(first);
        next += 1;
      }
      sorted.push(member);
    }
    this.#byDevice = sorted.concat(came.slice(next));
    this.#came = [];
    this.#went.clear();
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
      name = { text, lower: text.toLowerCase(), key: text === '' ? '' : this.#keyOf(text), count: 0, hit: false };
      this.#names.set(text, name);
    }
    name.count += 1;
    return name;
  }

  leave(name: Name): void {
    name.count -= 1;
    if (name.count === 0) this.#names.delete(name.text);
  }

  mark(needle: string): void {
    for (const name of this.#names.values()) name.hit = name.lower.includes(needle);
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
  return version
    .split('.')
    .map((part) => part.padStart(9, '0'))
    .join('.');
}
