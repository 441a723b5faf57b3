// Owns a fill: one image on its way from the upstream into a file, judged as it comes, while others read behind it.
import { randomBytes } from 'node:crypto';
import { errorText, GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { FillState } from '../link/firmware.ts';
import { type ImageVerdict, ImageVerifier } from '../ota/image-verifier.ts';
import { upstreamError } from '../upstream/failure.ts';
import { ANOTHER_MACHINE, bodyOf, endWith, type Place, type Reply } from './fetch.ts';
import { BytesChanged, corrupt, cutShort, merged, noRoom, tooLarge } from './fill-faults.ts';
import type { FillPlaces } from './fill-places.ts';
import { FillStore } from './fill-store.ts';
import { HeadJudge } from './head-judge.ts';
import type { Leftover } from './leftovers.ts';
import { isNoRoom, Partial, type PartialMemo } from './partial.ts';
import type { Shelf } from './shelf.ts';
import { isDead } from './stale.ts';

/** The largest slot in the field has 6 MB, the largest flash 32. */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

export type GoodVerdict = Extract<ImageVerdict, { ok: true }>;

export type FillTask = {
  shelf: Shelf;
  log: Log;
  /** The link's name for the cache; null where these bytes are for nobody else. */
  name: string | null;
  /** Whether the image is to be kept on disk. */
  kept: boolean;
  /** From where it fetches, in turn. */
  places: FillPlaces;
  open: (place: Place, headers: Record<string, string>, signal: AbortSignal) => Promise<Reply>;
  /** A reply that is open already. */
  reply: Reply | null;
  /** What an earlier fill of this name left behind. */
  leftover: Leftover | null;
  /** Whether so many bytes may stand in memory, on their way only. */
  mayPass: (bytes: number) => boolean;
  /** Takes over the file of a whole image. The path at which it stands from then on, or null where it stays. */
  keep: (fill: Fill, verdict: GoodVerdict, partial: Partial) => Promise<string | null>;
};

export type FillEnd =
  | { kind: 'whole'; verdict: GoodVerdict }
  /** `leftover` can be gone on with; `next` is a reply with the new bytes of a file that was replaced. */
  | { kind: 'failed'; error: GateError; leftover: Leftover | null; next: Reply | null };

const PAUSES_MS = [250, 1_000];
const NOTIFY_MS = 50;

export class Fill {
  readonly id = randomBytes(9).toString('base64url');
  /** Resolves when the image may be served: its length is known and its head is good. */
  readonly ready: Promise<void>;
  readonly done: Promise<FillEnd>; // never rejects
  /** Whether it goes on with what an earlier fill of this name had when it broke off. */
  readonly goesOn: boolean;
  /** Bytes that came from the upstream for it. */
  fetched = 0;
  readonly #task: FillTask;
  readonly #watchers = new Set<() => void>();
  readonly #leaving = new AbortController();
  readonly #resolvers = Promise.withResolvers<void>();
  #state: FillState = { kind: 'filling', have: 0 };
  #partial: Partial | null = null;
  #file = '';
  readonly #store: FillStore;
  #length: number | null = null;
  readonly #judge: HeadJudge;
  #verifier = new ImageVerifier(null);
  #timer: NodeJS.Timeout | undefined;

  constructor(task: FillTask) {
    this.#task = task;
    this.goesOn = task.leftover !== null;
    this.#store = new FillStore({ ...task, mostBytes: MAX_IMAGE_BYTES });
    this.#judge = new HeadJudge(Buffer.concat(task.reply?.begun ?? []), task.reply?.length ?? null);
    this.#length = task.reply?.length ?? null;
    this.ready = this.#resolvers.promise;
    this.ready.catch(() => {}); // those who wait hear it
    this.done = this.#run();
  }

  get places(): FillPlaces {
    return this.#task.places;
  }

  get state(): FillState {
    return this.#state;
  }

  get file(): string {
    return this.#file;
  }

  /** Of the whole image in bytes; null before it is known. */
  get length(): number | null {
    return this.#length;
  }

  /** The name of its link; null where its bytes are for nobody else. */
  get name(): string | null {
    return this.#task.name;
  }

  get memo(): PartialMemo | null {
    return this.#partial?.memo ?? null;
  }

  /** The first bytes of an app, hexadecimal; null before they are here, and for everything else. */
  get appHead(): string | null {
    return this.#judge.appHead;
  }

  get kept(): boolean {
    return this.#store.kept;
  }

  /** Hears of progress, at most twenty times a second, and of the end at once. Gives back how to stop that. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => void this.#watchers.delete(onChange);
  }

  /** Ends it; what is there can be gone on with. */
  abort(): void {
    this.#leaving.abort();
  }

  async #run(): Promise<FillEnd> {
    try {
      if (this.#task.leftover !== null) await this.#pickUp(this.#task.leftover);
      let reply = this.#task.reply;
      let broken: unknown = null;
      for (let attempt = 0; !this.#isWhole(); attempt += 1) {
        try {
          await this.#attempt(reply ?? (await this.#open()));
          break;
        } catch (error) {
          reply = null;
          // A one-time link may be used up by the first try: what broke that off is the reason, and can be gone on from.
          if (isDead(error)) throw broken ?? error;
          broken = error;
          await this.#pauseOrThrow(error, attempt);
        }
      }
      return await this.#finish();
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** A process can end between the last byte and its verification. */
  #isWhole(): boolean {
    return this.#length !== null && this.#partial?.have === this.#length;
  }

  async #pauseOrThrow(error: unknown, attempt: number): Promise<void> {
    const pauseMs = PAUSES_MS[attempt];
    const known = error instanceof GateError && error.retry;
    if (!known || pauseMs === undefined || this.#leaving.signal.aborted || !this.places.hasMore()) throw error;
    this.#task.log.warn(
      { event: 'fill-again', code: error.code, detail: error.message, have: this.#partial?.have ?? 0 },
      `fetching firmware again after ${this.#partial?.have ?? 0} bytes: ${error.message}`,
    );
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  async #open(): Promise<Reply> {
    const headers = this.#partial?.restHeaders() ?? {};
    return this.places.ask((place) => this.#task.open(place, headers, this.#leaving.signal));
  }

  async #attempt(reply: Reply): Promise<void> {
    // An upstream may be slow, and so may another machine that fetches it: who leaves waits for neither.
    const stay = endWith(reply, this.#leaving.signal);
    try {
      const partial = await this.#begin(reply);
      await this.#take(reply, partial);
    } catch (error) {
      // What is not wanted is hung up on: a server must not wait for somebody to read it.
      if (!(error instanceof BytesChanged && error.reply === reply)) reply.abort();
      if (error instanceof BytesChanged || error instanceof GateError || isNoRoom(error)) throw error;
      throw upstreamError(error, reply.upstream, reply.url.origin);
    } finally {
      stay();
    }
  }

  /** Takes the reply for the rest of what is there, for all of it once more, or for the beginning. */
  async #begin(reply: Reply): Promise<Partial> {
    if ((reply.length ?? 0) > MAX_IMAGE_BYTES) throw tooLarge(reply.length ?? 0, MAX_IMAGE_BYTES);
    const partial = this.#partial;
    if (partial !== null) {
      const { memo } = partial;
      const otherTag =
        memo.etag !== reply.etag && (reply.status === 206 || (memo.etag !== null && reply.etag !== null));
      // Servers read If-Range in their own ways (aiohttp 3.8: as a date only), so the tag of the reply itself counts.
      if (memo.length !== reply.length || otherTag || reply.start > partial.have)
        throw new BytesChanged(reply.status === 200 ? reply : null);
      return partial;
    }
    if (reply.start > 0) throw cutShort(reply.upstream, 0, reply.length);
    const { length, etag, lastModified, fileName, contentType } = reply;
    const made = await this.#store.create({ name: this.#task.name, length, etag, lastModified, fileName, contentType });
    this.#adopt(made);
    return made;
  }

  #adopt(partial: Partial): void {
    this.#partial = partial;
    this.#file = partial.file;
    this.#length = partial.memo.length;
    this.#verifier = new ImageVerifier(partial.memo.length);
  }

  async #pickUp({ file, memo }: Leftover): Promise<void> {
    const partial = await Partial.resume(file, memo).catch((error: unknown) => {
      const facts = { event: 'partial-lost', detail: errorText(error) };
      this.#task.log.warn(facts, 'a partial firmware file cannot be gone on with: it is fetched from its beginning');
      return null;
    });
    if (partial === null) return;
    this.#adopt(partial);
    for await (const chunk of partial.bytes()) this.#verifier.update(chunk);
    await this.#afterBytes();
  }

  async #take(reply: Reply, partial: Partial): Promise<void> {
    let at = reply.start;
    for await (const chunk of bodyOf(reply)) {
      if (reply.upstream !== ANOTHER_MACHINE) this.fetched += chunk.length;
      const known = chunk.subarray(0, Math.max(0, partial.have - at));
      if (known.length > 0 && !(await partial.holds(at, known))) {
        reply.abort();
        throw new BytesChanged(null);
      }
      at += chunk.length;
      if (known.length < chunk.length) await this.#append(partial, chunk.subarray(known.length));
    }
    if (this.#length !== null && partial.have < this.#length)
      throw cutShort(reply.upstream, partial.have, this.#length);
  }

  async #append(partial: Partial, chunk: Buffer): Promise<void> {
    if (partial.have + chunk.length > MAX_IMAGE_BYTES) throw tooLarge(partial.have + chunk.length, MAX_IMAGE_BYTES);
    await this.#store.append(partial, chunk);
    this.#file = partial.file;
    this.#verifier.update(chunk);
    await this.#afterBytes();
  }

  async #afterBytes(): Promise<void> {
    const partial = this.#partial;
    if (partial === null) return;
    this.#state = { kind: 'filling', have: partial.have };
    const judgement = await this.#judge.look(partial);
    if (judgement === 'merged') this.#resolvers.reject(merged());
    if (judgement === 'servable' && this.#length !== null) this.#resolvers.resolve();
    this.#timer ??= setTimeout(() => this.#notify(), NOTIFY_MS).unref();
  }

  async #finish(): Promise<FillEnd> {
    const partial = this.#partial;
    if (partial === null) throw cutShort('', 0, this.#length);
    const verdict = this.#verifier.finish();
    if (!verdict.ok) throw corrupt(verdict);
    this.#length = partial.have;
    this.#file = (await this.#task.keep(this, verdict, partial)) ?? partial.file;
    this.#state = { kind: 'whole', sha256: verdict.sha256 };
    if (verdict.kind === 'merged') this.#resolvers.reject(merged());
    else this.#resolvers.resolve();
    this.#notify();
    return { kind: 'whole', verdict };
  }

  async #fail(thrown: unknown): Promise<FillEnd> {
    const changed = thrown instanceof BytesChanged;
    const error = thrown instanceof GateError ? thrown : changed ? thrown.fault : noRoom(thrown);
    this.#state = { kind: 'failed', code: error.code, detail: error.message };
    this.#resolvers.reject(error);
    this.#notify();
    const partial = this.#partial;
    const usable = this.kept && partial?.memo.name != null && error.retry && partial.have > 0;
    if (usable) await partial.close();
    else await partial?.discard();
    return {
      kind: 'failed',
      error,
      leftover: usable ? { file: partial.file, memo: partial.memo } : null,
      next: changed ? thrown.reply : null,
    };
  }

  #notify(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const onChange of this.#watchers) onChange();
  }
}
