// Owns firmware in the control process: answers the gates' Asks, and tells them how the fills go that they wait for.
import { GateError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { FirmwareCache } from '../firmware/cache.ts';
import { cleanFileName } from '../firmware/file-name.ts';
import type { Fill } from '../firmware/fill.ts';
import { merged } from '../firmware/fill-faults.ts';
import type { Found } from '../firmware/found.ts';
import { appOfFill, appOfImage } from '../firmware/image-app.ts';
import { ImageCopies } from '../firmware/image-copies.ts';
import { Library } from '../firmware/library.ts';
import { FirmwareOperations } from '../firmware/operations.ts';
import { PassingImages } from '../firmware/passing.ts';
import { SharedFills } from '../firmware/shared-fills.ts';
import { alone } from '../firmware/sharing.ts';
import { Shelf } from '../firmware/shelf.ts';
import { judgeSources, type SourceJudge } from '../firmware/sources.ts';
import type { FirmwareAnswer, FirmwareAsk, FirmwareObject } from '../link/firmware.ts';
import type { GateLine } from '../link/messages.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { compilePolicy } from '../policy/view.ts';
import { Upstreams } from '../upstream/upstreams.ts';
import { DownloadShares } from './download-shares.ts';
import type { Keeping } from './keeping.ts';
import type { FirmwareStatus } from './status.ts';

const SWEEP_MS = 60_000;
// A message to a gate that is busy.
const IN_THE_POST_MS = 30_000;

export class Firmware {
  readonly cache: FirmwareCache;
  readonly operations: FirmwareOperations;
  readonly library: Library;
  readonly shelf: Shelf;
  readonly shares = new DownloadShares();
  /** Of what other machines have; null on one machine alone. */
  readonly copies: ImageCopies | null = null;
  readonly #log: Log;
  readonly upstreams = new Upstreams();
  readonly #passing = new PassingImages();
  readonly #followers = new Map<Fill, Set<GateLine>>();
  /** Gates that go by an answer for a while, and until when at the latest. */
  readonly #holding = new Map<GateLine, number>();
  readonly #ending = new AbortController();
  #config: Config;
  #judge: SourceJudge | null = null;
  #sweeping: NodeJS.Timeout | undefined;

  /** @throws {Error} with the system's code where the folder in stateDir cannot be made */
  constructor(config: Config, keeping: Pick<Keeping, 'state' | 'agreement' | 'records' | 'passages'>, log: Log) {
    const { state, agreement, records, passages } = keeping;
    const sharedFills = passages === null ? null : new SharedFills(passages, agreement, log);
    this.#config = config;
    this.#log = log;
    this.shelf = new Shelf(config.stateDir);
    this.library = new Library(state.catalogue, this.shelf, log);
    this.cache = new FirmwareCache({
      library: this.library,
      shelf: this.shelf,
      passing: this.#passing,
      log,
      settings: () => this.#config.firmware,
      sharing: sharedFills ?? alone,
      fetcher: {
        upstreams: this.upstreams,
        limits: () => this.#config.limits,
        isOwn: (upstream, url) => this.#judge?.isOwn(upstream, url) === true,
        mayFetch: (url) => this.mayFetch(url),
        originsOf: (upstream) => (this.#config.upstreams[upstream] ?? []).map((origin) => new URL(origin).origin),
      },
    });
    this.library.onOtherBytes = () => {
      for (const gate of this.#holding.keys()) gate({ kind: 'firmware-changed' });
      this.#holding.clear();
    };
    this.operations = new FirmwareOperations({
      cache: this.cache,
      library: this.library,
      shelf: this.shelf,
      maxBytes: () => this.#config.firmware.maxBytes,
      placeOf: (url) => this.#placeOf(url),
      originOf: (upstream) => this.#config.upstreams[upstream]?.[0] ?? null,
      ...(records === null ? {} : { onPurged: (sha256) => records.put(`image/${sha256}`, null) }),
    });
    if (records === null || sharedFills === null) return;
    this.copies = new ImageCopies({
      cache: this.cache,
      operations: this.operations,
      fileOf: (sha256) => this.shelf.image(sha256),
      fills: sharedFills,
      records,
      maxBytes: () => this.#config.firmware.maxBytes,
      log,
      signal: this.#ending.signal,
    });
  }

  /** The upstream that a URL belongs to; what firmware.allow lists is fetched in the name of the first one. */
  #placeOf(url: URL): { upstream: string; host: string } | null {
    if (!this.mayFetch(url)) return null;
    const names = Object.keys(this.#config.upstreams);
    const upstream = names.find((name) => this.#judge?.isOwn(name, url)) ?? names[0] ?? '';
    return { upstream, host: this.#config.domains[0] ?? url.host };
  }

  /** Takes the addresses and bounds that are in force from now on. */
  apply(config: Config, snapshot: Snapshot): void {
    this.#config = config;
    this.#judge = judgeSources(snapshot, compilePolicy(snapshot.policy));
    this.shares.setTotal(config.firmware.pace.totalBytesPerSecond);
    this.upstreams.keepOnly(snapshot.upstreams, snapshot.limits, snapshot.upstreamSettings);
    if (this.#sweeping !== undefined) return;
    this.#sweeping = setInterval(() => {
      this.#passing.sweep(Date.now());
      this.cache.fills.sweep(Date.now());
    }, SWEEP_MS).unref();
    void this.library.checkAll(this.#ending.signal);
    this.copies?.start();
  }

  mayFetch(url: URL): boolean {
    return this.#judge?.mayFetch(url) === true;
  }

  /** Answers one gate. Never throws: what cannot be had is an answer too. */
  async answer(id: number, ask: FirmwareAsk, gate: GateLine): Promise<void> {
    const found = await this.#find(ask);
    // In one go: news of the fill between its state and its followers would be lost.
    const answer = this.#answerOf(found);
    gate({ kind: 'answer', ask: id, answer });
    if (answer.kind === 'object' && answer.holdsMs > 0) this.#noteHolding(gate, answer.holdsMs);
    if ('fill' in found && found.fill.state.kind === 'filling') this.#follow(found.fill, gate);
  }

  /** The gate counts from when it hears it. */
  #noteHolding(gate: GateLine, holdsMs: number): void {
    const nowMs = performance.now();
    for (const [other, untilMs] of this.#holding) if (untilMs < nowMs) this.#holding.delete(other);
    this.#holding.set(gate, nowMs + holdsMs + IN_THE_POST_MS);
  }

  /** A gate served a link by what it was told of it: a hit like any other. */
  noteHeldHit(sha256: string, atMs: number): void {
    this.cache.totals.hits += 1;
    this.library.offered(sha256, atMs);
  }

  status(): FirmwareStatus {
    const images = this.library.images();
    return {
      images: images.length,
      bytes: this.library.bytes(),
      maxBytes: this.#config.firmware.maxBytes,
      merged: images.filter(({ kind }) => kind === 'merged').length,
      filling: this.cache.fills.all().length,
      activeDownloads: this.shares.active,
      totals: this.cache.totals,
    };
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    clearInterval(this.#sweeping);
    await this.cache.stop();
    this.shelf.close();
  }

  async #find(ask: FirmwareAsk): Promise<Found | GateError> {
    try {
      return await this.cache.ask(ask);
    } catch (error) {
      if (error instanceof GateError) return error;
      this.#log.error({ event: 'ask-failed', err: error }, 'a firmware could not be looked for');
      return new GateError('INTERNAL', 'the gate could not look for this firmware', { fault: 'gate', cause: error });
    }
  }

  #answerOf(found: Found | GateError): FirmwareAnswer {
    try {
      if (found instanceof GateError) return refusalOf(found);
      const holdsMs = found.kind === 'image' ? (found.holdsMs ?? 0) : 0;
      return { kind: 'object', object: this.#objectOf(found), how: found.how, holdsMs };
    } catch (error) {
      if (error instanceof GateError) return refusalOf(error);
      throw error;
    }
  }

  #objectOf(found: Found): FirmwareObject {
    if (found.kind === 'fill') return fillObject(found.fill);
    if (found.kind === 'passing') {
      const { id, file, length, fileName, contentType, lastModifiedMs, sha256, app } = found.image;
      return {
        id,
        file,
        length,
        fileName,
        contentType,
        lastModifiedMs,
        stored: false,
        app,
        state: { kind: 'whole', sha256 },
      };
    }
    const image = this.library.image(found.sha256);
    if (image === undefined)
      throw new GateError('FIRMWARE_UNKNOWN', 'this firmware was just removed', {
        fault: 'gate',
        status: 404,
        retry: true,
      });
    if (image.kind === 'merged') throw merged();
    this.library.offered(image.sha256, Date.now());
    return {
      id: image.sha256,
      file: this.shelf.image(image.sha256),
      length: image.length,
      state: { kind: 'whole', sha256: image.sha256 },
      fileName: image.fileName,
      contentType: image.contentType,
      lastModifiedMs: image.addedMs,
      stored: true,
      app: appOfImage(image),
    };
  }

  /** Tells this gate how the fill goes, to its end. */
  #follow(fill: Fill, gate: GateLine): void {
    const followers = this.#followers.get(fill);
    if (followers !== undefined) {
      followers.add(gate);
      return;
    }
    const first = new Set([gate]);
    this.#followers.set(fill, first);
    const unwatch = fill.watch(() => {
      const { id, file, state } = fill;
      for (const line of first) line({ kind: 'progress', progress: { id, file, state } });
      if (state.kind === 'filling') return;
      unwatch();
      this.#followers.delete(fill);
    });
  }
}

function refusalOf({ code, fault, status, message, retry }: GateError): FirmwareAnswer {
  return { kind: 'refused', code, fault, status, message, retry };
}

function fillObject(fill: Fill): FirmwareObject {
  const { memo } = fill;
  return {
    id: fill.id,
    file: fill.file,
    length: fill.length ?? 0,
    state: fill.state,
    fileName: cleanFileName(memo?.fileName ?? 'firmware.bin'),
    contentType: memo?.contentType ?? 'application/octet-stream',
    lastModifiedMs: memo?.startedMs ?? null,
    stored: fill.kept,
    app: appOfFill(fill),
  };
}
