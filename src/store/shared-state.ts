// Owns what of the state several machines share: each of its parts as a record, told where it changes, taken where another
// machine changed it.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SealKey } from '../ota/seal.ts';
import { type Catalogue, IMAGE_KINDS, type KeptImage, type KeptName, MAX_NAMES } from './catalogue.ts';
import { kindOf } from './record-rules.ts';
import type { StateRecord } from './replica.ts';
import type { AuditEntry, KeptOpening, State } from './state.ts';

/** The copy of what is shared. */
export type Shared = {
  put: (name: string, value: unknown) => void;
  read: (name: string) => unknown;
  isRemoved: (name: string) => boolean;
  list: (prefix: string) => StateRecord[];
  /** The audit trail goes the way of the journal. */
  audit: (entry: Omit<AuditEntry, 'id'>) => void;
};

const MONTH_MS = 30 * 86_400_000;
const LEAVING_NAMES = 500;
// Twice as many as one machine has room for. Past them the oldest are forgotten everywhere, but for those that are pinned.
const MAX_IMAGES = 2_000;
const LEAVING_IMAGES = 100;
const BOUND_EVERY = 200;

const openingSchema: z.ZodType<KeptOpening> = z.object({
  id: z.string(),
  route: z.string(),
  from: z.array(z.string()),
  openedMs: z.number(),
  startMs: z.number().nullable(),
  untilMs: z.number(),
  reason: z.string(),
  openedBy: z.string(),
  closeAfter: z.object({ devices: z.number().nullable(), idleMs: z.number().nullable() }),
  upgraded: z.number(),
  lastUsedMs: z.number().nullable(),
});
const markSchema = z.object({ untilMs: z.number() });
// 32 bytes: with a key of another length nothing can be sealed.
const sealKeySchema = z.object({ id: z.int().min(0).max(255), key: z.base64().length(44), madeMs: z.number() });
const imageSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(IMAGE_KINDS),
  length: z.int().min(0),
  fileName: z.string(),
  contentType: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  pinned: z.boolean(),
  changedMs: z.number(),
});
const nameSchema = z.object({ name: z.string(), sha256: z.string(), checkedMs: z.number(), memo: z.unknown() });

/** What the others know of an image; when it came here and was offered here is each machine's own. */
export type SharedImage = z.infer<typeof imageSchema>;
export type SharedName = Omit<KeptName, 'usedMs'>;

/** The state of this machine, whose changes are told to the others. */
export function shareState(local: State, shared: Shared): State {
  return {
    ...local,
    sealKeys: () => {
      const agreed = agreedKeys(shared);
      if (agreed.length > 0) return agreed;
      const keys = local.sealKeys();
      for (const [index, { id, key }] of keys.entries())
        shared.put(`seal-key/${id}`, { id, key: Buffer.from(key).toString('base64'), madeMs: keys.length - index });
      return keys;
    },
    addOpening: (opening) => {
      local.addOpening(opening);
      shared.put(`opening/${opening.id}`, opening);
    },
    // What is closed by the copy is closed, whether this machine's disk took it or not.
    openings: () =>
      local.openings().filter(({ id }) => !shared.isRemoved(`opening/${id}`) && shared.read(`closed/${id}`) === null),
    closedMarks: (nowMs) => closedIds(local, shared, nowMs),
    // Told first: the others close it even where this machine's disk takes nothing.
    removeOpening: (id) => {
      const untilMs = endOf(local, id);
      if (untilMs !== null) shared.put(`closed/${id}`, { untilMs });
      shared.put(`opening/${id}`, null);
      removeForGood(local, id);
    },
    markClosed: (id, untilMs, nowMs) => {
      shared.put(`closed/${id}`, { untilMs });
      local.markClosed(id, untilMs, nowMs);
      for (const { name, value } of shared.list('closed/'))
        if ((markSchema.safeParse(value).data?.untilMs ?? 0) <= nowMs) shared.put(name, null);
    },
    audit: (entry) => {
      local.audit(entry);
      shared.audit(entry);
    },
    catalogue: shareCatalogue(local.catalogue, shared),
  };
}

/** Images leave a machine for reasons of its own; who removes one everywhere says so by `forgetImage`. */
function shareCatalogue(local: Catalogue, shared: Shared): Catalogue {
  let told = 0;
  return {
    ...local,
    putImage: (image) => {
      local.putImage(image);
      if (tellImage(image, shared)) boundImages(shared);
    },
    pin: (sha256, pinned) => {
      const known = local.pin(sha256, pinned);
      const image = readImage(shared.read(`image/${sha256}`));
      if (image !== null && image.pinned !== pinned)
        shared.put(`image/${sha256}`, { ...image, pinned, changedMs: Date.now() });
      return known;
    },
    putName: (kept) => {
      local.putName(kept);
      if (!tellName(kept, shared)) return;
      told += 1;
      if (told % BOUND_EVERY === 0) boundNames(shared);
    },
  };
}

/** Whether it was unknown until now, or another thing about it was. */
function tellImage(image: KeptImage, shared: Shared): boolean {
  const { sha256, kind, length, fileName, contentType, facts, pinned } = image;
  const before = readImage(shared.read(`image/${sha256}`));
  if (before !== null && before.pinned === pinned) return false;
  const changedMs = Date.now();
  shared.put(`image/${sha256}`, { sha256, kind, length, fileName, contentType, facts, pinned, changedMs });
  return true;
}

function boundImages(shared: Shared): void {
  const records = shared.list('image/');
  if (records.length <= MAX_IMAGES) return;
  const loose = records.flatMap(({ name, value }) => {
    const image = readImage(value);
    return image?.pinned === true ? [] : [{ name, changedMs: image?.changedMs ?? 0 }];
  });
  for (const { name } of loose.sort((a, b) => a.changedMs - b.changedMs).slice(0, LEAVING_IMAGES))
    shared.put(name, null);
}

/** False for one that stands for a single link: it is of no use to another machine, and there is no end of them. */
function tellName({ name, sha256, checkedMs, memo }: KeptName, shared: Shared): boolean {
  if (name.startsWith('["link"')) return false;
  shared.put(nameRecord(name), { name, sha256, checkedMs, memo });
  return true;
}

/** Where what a link's name stands for is told. */
export function nameRecord(name: string): string {
  return `name/${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
}

function boundNames(shared: Shared): void {
  const names = shared.list('name/');
  if (names.length <= MAX_NAMES) return;
  const byAge = names.sort((a, b) => (readName(a.value)?.checkedMs ?? 0) - (readName(b.value)?.checkedMs ?? 0));
  for (const { name } of byAge.slice(0, LEAVING_NAMES)) shared.put(name, null);
}

/**
 * Tells what stands in the state and not in the copy: all of it before it was shared, and what a crash came between.
 * @throws {Error} where the disk takes nothing; all is told before
 */
export function tellState(local: State, shared: Shared, nowMs: number): void {
  const [gone, standing] = [[], []] as [KeptOpening[], KeptOpening[]];
  for (const opening of local.openings()) (shared.isRemoved(`opening/${opening.id}`) ? gone : standing).push(opening);
  for (const opening of standing)
    if (shared.read(`opening/${opening.id}`) === null) shared.put(`opening/${opening.id}`, opening);
  for (const id of local.closedMarks(nowMs))
    if (shared.read(`closed/${id}`) === null) shared.put(`closed/${id}`, { untilMs: nowMs + MONTH_MS });
  for (const image of local.catalogue.images()) tellImage(image, shared);
  for (const name of local.catalogue.names()) tellName(name, shared);
  boundNames(shared);
  // Those that were closed while this machine could not write it down.
  for (const { id } of gone) local.removeOpening(id);
}

/** The ends of those that were closed count on this machine, and as the others tell them. */
function closedIds(local: State, shared: Shared, nowMs: number): Set<string> {
  const told = shared.list('closed/').filter(({ value }) => (markSchema.safeParse(value).data?.untilMs ?? 0) > nowMs);
  return new Set([...local.closedMarks(nowMs), ...told.map(({ name }) => name.slice('closed/'.length))]);
}

/** When an opening ends; null where it is over, or was not here. */
function endOf(local: State, id: string): number | null {
  const untilMs = local.openings().find((opening) => opening.id === id)?.untilMs ?? 0;
  return untilMs > (local.seenTime()?.nowMs ?? 0) ? untilMs : null;
}

/**
 * Removes an opening, and remembers that until its own end: whoever can write in Redis, or an old copy of it, could bring
 * it back.
 */
function removeForGood(local: State, id: string): void {
  const untilMs = endOf(local, id);
  if (untilMs !== null) local.markClosed(id, untilMs, local.seenTime()?.nowMs ?? 0);
  local.removeOpening(id);
}

/** What came of taking records: those that came back, and the first trouble of this machine's disk. */
export type Taken = { cameBack: string[]; trouble: unknown };

/**
 * Brings what others changed into this machine's state. What cannot be read, of a newer otagate, is left alone. Gives the
 * openings that came back after they had been closed: they stay closed, and that is told to the others anew. One record
 * that the disk does not take keeps none of the others out.
 */
export function takeIntoState(local: State, shared: Shared, records: readonly StateRecord[], nowMs: number): Taken {
  const here = new Set(local.openings().map(({ id }) => id));
  const closed = closedIds(local, shared, nowMs);
  const taken: Taken = { cameBack: [], trouble: null };
  for (const { name, value } of records) {
    const id = name.slice(name.indexOf('/') + 1);
    try {
      switch (kindOf(name)) {
        case 'opening': {
          const opening = openingSchema.safeParse(value);
          if (!opening.success) removeForGood(local, id);
          else if (closed.has(id)) {
            taken.cameBack.push(id);
            shared.put(name, null);
          }
          // How it is used is each machine's own count of what all of them saw.
          else if (opening.data.id === id && !here.has(id)) local.addOpening(opening.data);
          break;
        }
        case 'closed': {
          const mark = markSchema.safeParse(value);
          if (!mark.success) break;
          local.markClosed(id, mark.data.untilMs, nowMs);
          if (here.has(id)) local.removeOpening(id);
          break;
        }
        case 'seal-key':
          local.keepSealKeys(agreedKeys(shared), nowMs);
      }
    } catch (error) {
      taken.trouble ??= error;
    }
  }
  return taken;
}

export function readImage(value: unknown): SharedImage | null {
  return imageSchema.safeParse(value).data ?? null;
}

export function readName(value: unknown): SharedName | null {
  return nameSchema.safeParse(value).data ?? null;
}

/** Newest first. */
function agreedKeys(shared: Shared): SealKey[] {
  return shared
    .list('seal-key/')
    .flatMap(({ value }) => sealKeySchema.safeParse(value).data ?? [])
    .sort((a, b) => b.madeMs - a.madeMs)
    .map(({ id, key }) => ({ id, key: new Uint8Array(Buffer.from(key, 'base64')) }));
}
