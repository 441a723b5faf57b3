// Owns the answer to an Ask: memory first, then a fill that runs, then what is on disk, and the upstream only where none
// of them can say.
import { setTimeout as later } from 'node:timers/promises';
import { GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { FirmwareAsk } from '../link/firmware.ts';
import { type Fetcher, fetchBody, type Place, type Reply } from './fetch.ts';
import type { Fill } from './fill.ts';
import { type CacheSettings, Fills, newTotals } from './fills.ts';
import { FirstReplies } from './first-replies.ts';
import { type Found, HOLDS_MS, type Link, type Opened } from './found.ts';
import {
  AskBudgets,
  conditionalHeaders,
  freshForMs,
  freshnessOf,
  isSame,
  mayServeStale,
  policyOf,
  renewedPolicy,
} from './freshness.ts';
import { KnownLinks } from './known-links.ts';
import type { Entry, Library } from './library.ts';
import { confirmsPromise, identify, type OneTimeIdentity, type PromiseHint } from './link-identity.ts';
import type { PassingImages } from './passing.ts';
import { fetchInTurn, type Sharing } from './sharing.ts';
import type { Shelf } from './shelf.ts';
import { isDead, usedUp, warnStale } from './stale.ts';
import { findTwin } from './twin.ts';

// A device waits 5 s for an answer at the least: what is there is served where the upstream cannot say in this time.
const PATIENCE_MS = 3_000;

export class FirmwareCache {
  readonly library: Library;
  readonly fills: Fills;
  readonly passing: PassingImages;
  readonly totals = newTotals();
  readonly #fetcher: Fetcher;
  readonly #log: Log;
  readonly #settings: () => CacheSettings;
  readonly #sharing: Sharing;
  readonly #opening = new Map<string, Promise<Opened>>();
  /** Questions about what is here already; they can take longer than a device waits. */
  readonly #renewing = new Map<string, Promise<Opened>>();
  readonly #links: KnownLinks;
  readonly #first = new FirstReplies((place) => this.#fetch(place, {}));
  readonly #budgets = new AskBudgets();
  readonly #ending = new AbortController();

  constructor(parts: {
    library: Library;
    shelf: Shelf;
    passing: PassingImages;
    fetcher: Fetcher;
    log: Log;
    settings: () => CacheSettings;
    sharing: Sharing;
  }) {
    this.library = parts.library;
    this.passing = parts.passing;
    this.#fetcher = parts.fetcher;
    this.#log = parts.log;
    this.#settings = parts.settings;
    this.#sharing = parts.sharing;
    this.fills = new Fills({ ...parts, totals: this.totals });
    this.#links = new KnownLinks({ ...parts, totals: this.totals });
  }

  /**
   * Finds the bytes behind a link, and fetches them where that must be.
   * @throws {GateError} FIRMWARE_* and UPSTREAM_*, where nothing can be served
   */
  async ask(ask: FirmwareAsk): Promise<Found> {
    if (ask.stored !== null) return this.#hit(await this.library.stored(ask.stored));
    const place = { upstream: ask.upstream, url: new URL(ask.url), host: ask.host, authorization: ask.authorization };
    if (!this.#fetcher.mayFetch(place.url)) {
      const message = 'this link leads to a place that is allowed no longer (firmware.allow)';
      throw new GateError('FIRMWARE_LINK_DEAD', message, { fault: 'gate', status: 404 });
    }
    const own = this.#fetcher.isOwn(place.upstream, place.url);
    const identity = identify(place.url, ask.upstream, ask.hint, own);
    if (ask.authorization !== null) return this.#askForOne(place);
    if (identity.kind === 'stable') {
      const quiet = this.#quiet(identity.name);
      const link = { name: identity.name, place, oneTime: false, promise: null, quiet };
      return (await this.#find(link)) ?? this.#askForOne(place);
    }
    return this.#links.find(identity.link, () => this.#look(identity, place, ask.hint));
  }

  /** What a one-time link leads to, as far as it is not known yet. */
  async #look(identity: OneTimeIdentity, place: Place, hint: PromiseHint | null): Promise<Found> {
    const { link } = identity;
    const kept = this.library.entry(link)?.sha256;
    if (kept !== undefined && (await this.library.check(kept))) return this.#hit(kept);
    const alone = { name: link, place, oneTime: true, promise: null, quiet: false };
    if (identity.kind === 'one-time-alone' || this.#isAlone(link)) return (await this.#find(alone)) ?? usedUp();
    const { name } = identity;
    const made = { board: hint?.board ?? '', version: hint?.version ?? '' };
    const shared = await this.#find({ ...alone, name, promise: { made, link }, quiet: this.#quiet(name) });
    return shared ?? (await this.#find(alone)) ?? usedUp();
  }

  /** What a link is called, and the image that it led to last, as far as it is known here: nobody is asked. */
  known({ url, upstream, hint }: FirmwareAsk): { name: string | null; sha256: string | null } {
    const source = new URL(url);
    const identity = identify(source, upstream, hint, this.#fetcher.isOwn(upstream, source));
    const alone = identity.kind === 'stable' ? null : this.#links.imageOf(identity.link);
    const name = identity.kind === 'one-time-alone' ? identity.link : identity.name;
    return { name, sha256: alone ?? this.library.entry(name)?.sha256 ?? null };
  }

  /** What was fetched so far is gone on with after a restart. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.fills.stop();
  }

  /** Whether a one-time link is known to lead to something else than was promised with it. */
  #isAlone(link: string): boolean {
    return this.fills.get(link) !== undefined || this.library.entry(link) !== undefined;
  }

  #quiet(name: string): boolean {
    return this.#budgets.take(name, Date.now(), this.#settings().recheckMs);
  }

  /** Null where what there is under this name turned out to be for another link alone. */
  async #find(link: Link): Promise<Found | null> {
    for (;;) {
      const running = this.fills.get(link.name);
      if (running !== undefined) return this.#join(running, link);
      const opening = this.#opening.get(link.name);
      if (opening === undefined) break;
      const opened = await this.#afterAnother(opening, link);
      if (opened === null) continue;
      if (opened.shared) return this.#collapsed(opened.found);
      // What another link was not given may still be what ours brings.
      if (link.promise === null || this.#isAlone(link.promise.link)) return null;
    }
    const opening = this.#open(link);
    this.#opening.set(link.name, opening);
    try {
      return (await opening).found;
    } finally {
      this.#opening.delete(link.name);
    }
  }

  /** Another link of this name is being asked: its end is ours too, but that its link is dead says nothing of ours. */
  async #afterAnother(opening: Promise<Opened>, link: Link): Promise<Opened | null> {
    try {
      return await opening;
    } catch (error) {
      if (link.oneTime && isDead(error)) return null;
      throw error;
    }
  }

  async #join(fill: Fill, link: Link): Promise<Found> {
    fill.places.offer(link.place);
    await fill.ready;
    this.totals.joined += 1;
    return { kind: 'fill', fill, how: 'joined' };
  }

  #collapsed(found: Found): Found {
    this.totals.joined += 1;
    return { ...found, how: found.how === 'miss' ? 'joined' : found.how };
  }

  async #open(link: Link): Promise<Opened> {
    const nowMs = Date.now();
    const passing = this.passing.find(link.name, nowMs);
    if (passing !== undefined) return { found: { kind: 'passing', image: passing, how: 'hit' }, shared: true };
    const entry = this.library.entry(link.name);
    if (entry === undefined || !(await this.library.check(entry.sha256))) return this.#fetchNew(link);
    const { recheckMs } = this.#settings();
    const freshness = freshnessOf(entry, link, recheckMs, nowMs);
    const freshMs = freshness === 'fresh' ? freshForMs(entry, link, recheckMs, nowMs) : 0;
    if (freshness === 'fresh') return { found: this.#hit(entry.sha256, freshMs), shared: true };
    const running = this.#renewing.get(link.name);
    if (running !== undefined && mayServeStale(entry.memo))
      return { found: this.#behind(entry, link, running), shared: true };
    const renewal = this.#renew(entry, link).finally(() => this.#renewing.delete(link.name));
    this.#renewing.set(link.name, renewal);
    renewal.catch(() => {}); // whoever waits for it hears it
    if (freshness === 'ask-behind') return { found: this.#behind(entry, link, renewal), shared: true };
    try {
      const renewed = await Promise.race([renewal, later(PATIENCE_MS, null, { ref: false })]);
      if (renewed !== null) return renewed;
    } catch (error) {
      return { found: this.#stale(entry, link, error), shared: true };
    }
    if (!mayServeStale(entry.memo)) return renewal;
    return { found: this.#behind(entry, link, renewal), shared: true };
  }

  /** Asks the upstream whether an image is still what it has; where it is not, the same reply begins the fill. */
  async #renew(entry: Entry, link: Link): Promise<Opened> {
    const { place, oneTime } = link;
    const reply = await this.#fetch(place, oneTime ? {} : conditionalHeaders(entry.memo));
    if (
      reply.status === 304 ||
      (await isSame(reply, entry.memo, this.library.image(entry.sha256)?.kind === 'app', oneTime))
    ) {
      reply.abort();
      const policy = reply.status === 304 ? renewedPolicy(entry.memo, place, reply) : entry.memo.policy;
      this.library.name({ ...entry, checkedMs: Date.now(), usedMs: Date.now(), memo: { ...entry.memo, policy } });
      this.totals.revalidations += 1;
      return { found: { kind: 'image', sha256: entry.sha256, how: 'revalidated' }, shared: true };
    }
    const next = await this.#inTurn(link, true, async () => reply);
    if (next.rest !== reply.rest) reply.abort();
    return this.#begin(link, next);
  }

  #behind(entry: Entry, link: Link, renewal: Promise<Opened>): Found {
    renewal.catch((error: unknown) => {
      if (isDead(error) && !link.oneTime) this.library.forgetName(link.name);
      warnStale(this.#log, entry, error);
    });
    return { kind: 'image', sha256: entry.sha256, how: 'stale' };
  }

  /** What is there, though the upstream could not be asked; a stable link that the upstream took away is gone. */
  #stale(entry: Entry, link: Link, error: unknown): Found {
    const dead = isDead(error) && !link.oneTime;
    if (dead) this.library.forgetName(link.name);
    if (dead || !mayServeStale(entry.memo)) throw error;
    warnStale(this.#log, entry, error);
    this.totals.stale += 1;
    return { kind: 'image', sha256: entry.sha256, how: 'stale' };
  }

  async #fetchNew(link: Link): Promise<Opened> {
    const resumed = link.oneTime ? null : this.fills.resume(link.name, link.place);
    if (resumed === null) return this.#begin(link, await this.#inTurn(link, false, () => this.#first.ask(link)));
    await resumed.ready;
    return { found: { kind: 'fill', fill: resumed, how: 'joined' }, shared: true };
  }

  async #begin(link: Link, reply: Reply): Promise<Opened> {
    const { place, oneTime, promise } = link;
    const confirmed = promise !== null && confirmsPromise(reply.fileName, promise.made);
    // A link that promises nothing, or nothing that its reply confirms, is known by its first bytes only.
    if (oneTime && !confirmed) {
      const twin = await findTwin(reply, this.library);
      // From here to the beginning of a fill, nothing may come between: two looks at one image would begin two.
      const fill = twin.head === null ? undefined : this.fills.ofApp(twin.head, reply.length);
      if (twin.sha256 !== null || fill !== undefined) {
        reply.abort();
        return { found: await this.#twin(twin.sha256, fill), shared: false };
      }
    }
    if (promise !== null && !confirmed) {
      return { found: await this.#filled(this.fills.begin(promise.link, place, reply, true, null)), shared: false };
    }
    const policy = oneTime ? null : policyOf(place, reply);
    const storable = policy === null || policy.storable();
    const name = storable ? link.name : null;
    const fill = this.fills.begin(name, place, reply, oneTime, policy?.toObject() ?? null, promise?.made);
    return { found: await this.#filled(fill), shared: storable };
  }

  async #twin(sha256: string | null, fill: Fill | undefined): Promise<Found> {
    await fill?.ready;
    this.totals.joined += 1;
    if (sha256 !== null) return { kind: 'image', sha256, how: 'revalidated' };
    if (fill === undefined) return usedUp();
    return { kind: 'fill', fill, how: 'joined' };
  }

  async #filled(fill: Fill): Promise<Found> {
    await fill.ready;
    return { kind: 'fill', fill, how: 'miss' };
  }

  /** Bytes for this client alone: its own credentials got them, or the upstream forbids to store them. */
  async #askForOne(place: Place): Promise<Found> {
    const reply = await this.#fetch(place, {});
    return this.#filled(this.fills.begin(null, place, reply, false, null));
  }

  #fetch(place: Place, headers: Record<string, string>): Promise<Reply> {
    return fetchBody(this.#fetcher, place, headers, this.#ending.signal);
  }

  /** Another machine may be fetching the same: once is enough. */
  #inTurn(link: Link, running: boolean, fetch: () => Promise<Reply>): Promise<Reply> {
    const options = { promise: link.promise?.made ?? null, running, signal: this.#ending.signal };
    return fetchInTurn(this.#sharing, link.name, options, fetch);
  }

  #hit(sha256: string, freshMs = HOLDS_MS): Found {
    this.totals.hits += 1;
    return { kind: 'image', sha256, how: 'hit', holdsMs: Math.min(HOLDS_MS, freshMs) };
  }
}
