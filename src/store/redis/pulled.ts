// Owns the reading of what Redis answers to a look at what is new.

export type Pulled = {
  epoch: string;
  format: number;
  seq: number;
  clockMs: number;
  nowMs: number;
  changed: { name: string; seq: number; version: number; sealed: Buffer }[];
  /** Of the journal, in their order. */
  entries: { id: string; fields: Map<string, Buffer> }[];
  machines: { id: string; agoMs: number; about: Record<string, unknown> }[];
  /** The latest change of the record that was named; null where it is not there. */
  lastSeq: number | null;
};

const DAY_MS = 86_400_000;
const MAX_MACHINES = 100;

/** @throws {TypeError} for what is no such answer */
export function readPull(reply: unknown): Pulled {
  const [epoch, format, seq, clock, now, changed, entries, machines, last] = listOf(reply);
  const nowMs = Number(textOf(now));
  return {
    epoch: textOf(epoch),
    format: Number(textOf(format) || 0),
    seq: Number(textOf(seq)),
    clockMs: Number(textOf(clock)),
    nowMs,
    changed: [...triples(listOf(changed))].map(([name, at, value]) => {
      const bytes = Buffer.isBuffer(value) ? value : Buffer.alloc(0);
      const colon = bytes.indexOf(0x3a);
      const version = Number(bytes.subarray(0, Math.max(0, colon)).toString());
      return { name: textOf(name), seq: Number(textOf(at)), version, sealed: bytes.subarray(colon + 1) };
    }),
    entries: listOf(entries).map((entry) => {
      const [id, fields] = listOf(entry);
      return { id: textOf(id), fields: new Map([...pairs(fields)]) };
    }),
    machines: [...pairs(machines)]
      .map(([id, said]) => readMachine(id, said.toString(), nowMs))
      .filter(({ agoMs }) => agoMs < DAY_MS)
      .slice(0, MAX_MACHINES),
    lastSeq: textOf(last) === '' ? null : Number(textOf(last)),
  };
}

function readMachine(id: string, said: string, nowMs: number): Pulled['machines'][number] {
  const bar = said.indexOf('|');
  const agoMs = Math.max(0, nowMs - Number(said.slice(0, bar)));
  try {
    const about: unknown = JSON.parse(said.slice(bar + 1));
    return { id, agoMs, about: typeof about === 'object' && about !== null ? { ...about } : {} };
  } catch {
    return { id, agoMs, about: {} };
  }
}

/** A hash comes as a flat list from a script, and as a map from a command. */
function* pairs(value: unknown): Generator<[string, Buffer]> {
  const flat = listOf(value);
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const bytes = flat[at + 1];
    yield [textOf(flat[at]), Buffer.isBuffer(bytes) ? bytes : Buffer.from(textOf(bytes))];
  }
}

function* triples(flat: readonly unknown[]): Generator<[unknown, unknown, unknown]> {
  for (let at = 0; at + 2 < flat.length; at += 3) yield [flat[at], flat[at + 1], flat[at + 2]];
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  throw new TypeError('Redis answered something else than was asked for');
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}
