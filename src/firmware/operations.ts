// Owns what an operator can do with the store: add, fetch, pin, purge, warm, verify, and cut the app out of a merged image.
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { GateError } from '../base/errors.ts';
import { HEAD_BYTES, judgeHead } from '../ota/image.ts';
import { ImageVerifier } from '../ota/image-verifier.ts';
import { extractApp } from '../ota/merged-image.ts';
import type { KeptImage } from '../store/catalogue.ts';
import type { FirmwareCache } from './cache.ts';
import { cleanFileName } from './file-name.ts';
import { MAX_IMAGE_BYTES } from './fill.ts';
import { corrupt, noRoom, tooLarge, unfit } from './fill-faults.ts';
import type { CacheTotals } from './fills.ts';
import type { Found } from './found.ts';
import { currentImages, type Library } from './library.ts';
import { placeOfName } from './link-identity.ts';
import type { Shelf } from './shelf.ts';

export type ListedImage = KeptImage & {
  /** Whether its bytes were looked at since the gate began. */
  checked: boolean;
  /** Offered last for its board: it stays when room is needed. */
  current: boolean;
};

export type ListedFill = { id: string; fileName: string; have: number; length: number | null };

export type FirmwareList = {
  images: ListedImage[];
  fills: ListedFill[];
  bytes: number;
  maxBytes: number;
  totals: CacheTotals;
};

/** What a long operation tells on its way, and at its end. */
export type Progress =
  | { step: 'bytes'; have: number; length: number | null }
  | { step: 'image'; image: ListedImage }
  | { step: 'well'; what: string; detail: string }
  | { step: 'failed'; what: string; detail: string };

export type OperationsParts = {
  cache: FirmwareCache;
  library: Library;
  shelf: Shelf;
  maxBytes: () => number;
  /** The upstream that a URL belongs to, and the name of ours that goes into Host; null where it may not be fetched. */
  placeOf: (url: URL) => { upstream: string; host: string } | null;
  /** Other machines hear of it. */
  onPurged?: (sha256: string) => void;
  /** An origin of this upstream, or null where there is none any more. */
  originOf: (upstream: string) => string | null;
};

const TOLD_EVERY_MS = 200;
const SHORTEST_ID = 4;

export class FirmwareOperations {
  readonly #parts: OperationsParts;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  list(): FirmwareList {
    const { library, cache, maxBytes } = this.#parts;
    const current = currentImages(library.images());
    return {
      images: library
        .images()
        .sort((a, b) => b.offeredMs - a.offeredMs)
        .map((image) => this.#listed(image, current)),
      fills: cache.fills.all().map(({ id, memo, state, length }) => ({
        id,
        fileName: memo?.fileName ?? '',
        have: state.kind === 'filling' ? state.have : (length ?? 0),
        length,
      })),
      bytes: library.bytes(),
      maxBytes: maxBytes(),
      totals: cache.totals,
    };
  }

  /** The image with this SHA-256, or the only one that begins so. @throws {GateError} FIRMWARE_UNKNOWN */
  find(id: string): ListedImage {
    const { library } = this.#parts;
    const fitting =
      id.length < SHORTEST_ID ? [] : library.images().filter(({ sha256 }) => sha256.startsWith(id.toLowerCase()));
    const [image] = fitting;
    if (image === undefined || fitting.length > 1) {
      const what = fitting.length > 1 ? `${fitting.length} images begin` : 'no image begins';
      throw new GateError(
        'FIRMWARE_UNKNOWN',
        `${what} with ${JSON.stringify(id)}: \`otagate firmware list\` shows their SHA-256 (${SHORTEST_ID} digits at least)`,
        {
          fault: 'client',
          status: 404,
        },
      );
    }
    return this.#listed(image);
  }

  fileOf(id: string): { image: ListedImage; file: string } {
    const image = this.find(id);
    return { image, file: this.#parts.shelf.image(image.sha256) };
  }

  /**
   * Takes an image from the operator, or from another machine, where it was offered at `offeredMs`. A merged one is kept, to
   * cut the app out of it.
   * @throws {GateError} FIRMWARE_CORRUPT, FIRMWARE_UNFIT, FIRMWARE_TOO_LARGE, FIRMWARE_NO_ROOM; then nothing is kept
   */
  async add(bytes: AsyncIterable<Uint8Array>, givenName: string, offeredMs = Date.now()): Promise<ListedImage> {
    const { library, shelf, maxBytes } = this.#parts;
    const fileName = cleanFileName(givenName);
    const memo = {
      name: null,
      length: null,
      etag: null,
      lastModified: null,
      fileName,
      contentType: 'application/octet-stream',
    };
    const partial = await shelf.create(memo, Date.now(), true).catch((error: unknown) => Promise.reject(noRoom(error)));
    try {
      const verifier = new ImageVerifier(null);
      for await (const chunk of bytes) {
        if (partial.have + chunk.length > MAX_IMAGE_BYTES) throw tooLarge(partial.have + chunk.length, MAX_IMAGE_BYTES);
        await partial.append(chunk).catch((error: unknown) => Promise.reject(noRoom(error)));
        verifier.update(chunk);
      }
      const head = judgeHead(await partial.read(0, Math.max(HEAD_BYTES, 0x8002)), partial.have);
      if (head.kind === 'unfit') throw unfit(head.why);
      const verdict = verifier.finish();
      if (!verdict.ok) throw corrupt(verdict);
      const known = library.image(verdict.sha256) !== undefined;
      if (!known && !library.makeRoom(verdict.length, maxBytes())) {
        throw new GateError(
          'FIRMWARE_NO_ROOM',
          'all that is in the store is pinned or current: raise firmware.maxBytes or purge something',
          {
            fault: 'gate',
            status: 507,
          },
        );
      }
      await shelf.place(partial, verdict.sha256).catch((error: unknown) => Promise.reject(noRoom(error)));
      const { sha256, kind, length, facts } = verdict;
      const { contentType } = memo;
      library.add({
        sha256,
        kind,
        length,
        fileName,
        contentType,
        facts: { ...facts },
        pinned: false,
        addedMs: Date.now(),
        offeredMs: Math.min(offeredMs, Date.now()),
      });
      return this.find(sha256);
    } finally {
      await partial.discard();
    }
  }

  /** Fetches an image from where firmware may come from, and tells how it goes. */
  async *fetch(url: URL): AsyncGenerator<Progress> {
    const { cache, placeOf } = this.#parts;
    const place = placeOf(url);
    if (place === null) {
      const detail = `${url.origin} is neither an upstream nor in firmware.allow`;
      yield { step: 'failed', what: url.href, detail };
      return;
    }
    try {
      const ask = { stored: null, url: url.href, hint: null, authorization: null, ...place } as const;
      yield* this.#follow(await cache.ask(ask), url.href);
    } catch (error) {
      yield { step: 'failed', what: url.href, detail: error instanceof GateError ? error.message : String(error) };
    }
  }

  /** Asks about every stable link that is known, and fetches what was replaced. */
  async *warm(): AsyncGenerator<Progress> {
    const { library, originOf } = this.#parts;
    const names = library.images().flatMap(({ sha256 }) => library.namesOf(sha256));
    for (const name of names) {
      const place = placeOfName(name);
      const origin = place?.upstream == null ? null : originOf(place.upstream);
      if (place === null || (place.upstream !== null && origin === null)) continue;
      yield* this.fetch(new URL(place.target, origin ?? undefined));
    }
  }

  /** Reads the bytes of one image, or of all, once more. */
  async *verify(id: string | null): AsyncGenerator<Progress> {
    const { library } = this.#parts;
    const images = id === null ? this.list().images : [this.find(id)];
    library.uncheck(images.map(({ sha256 }) => sha256));
    for (const { sha256, fileName } of images) {
      const what = `${sha256.slice(0, 12)} ${fileName}`;
      if (await library.check(sha256)) yield { step: 'well', what, detail: 'its bytes are right' };
      else
        yield {
          step: 'failed',
          what,
          detail: 'its bytes have changed: it is dropped, and fetched again when a device asks',
        };
    }
  }

  /** @throws {GateError} FIRMWARE_UNKNOWN */
  purge(id: string): ListedImage {
    const image = this.find(id);
    this.#parts.library.remove(image.sha256);
    this.#parts.onPurged?.(image.sha256);
    return image;
  }

  /** @throws {GateError} FIRMWARE_UNKNOWN */
  pin(id: string, pinned: boolean): ListedImage {
    this.#parts.library.pin(this.find(id).sha256, pinned);
    return this.find(id);
  }

  /** Cuts the app out of a merged image and adds it. @throws {GateError} FIRMWARE_UNFIT where there is none in it */
  async extract(id: string): Promise<ListedImage> {
    const { image, file } = this.fileOf(id);
    const cut = extractApp(await readFile(file));
    if (!cut.ok) throw unfit(cut.why);
    return this.add(Readable.from([cut.bytes]), image.fileName.replace(/(\.[^.]*)?$/, '-app$1'));
  }

  async *#follow(found: Found, what: string): AsyncGenerator<Progress> {
    if (found.kind === 'image') return yield { step: 'image', image: this.find(found.sha256) };
    if (found.kind === 'passing')
      return yield { step: 'well', what, detail: 'it is passed through, since there is no room to keep it' };
    const { fill } = found;
    let end = null;
    void fill.done.then((ended) => {
      end = ended;
    });
    while (end === null) {
      yield { step: 'bytes', have: fill.state.kind === 'filling' ? fill.state.have : 0, length: fill.length };
      await Promise.race([fill.done, new Promise((resolve) => setTimeout(resolve, TOLD_EVERY_MS))]);
    }
    const ended = await fill.done;
    if (ended.kind === 'failed') return yield { step: 'failed', what, detail: ended.error.message };
    if (!fill.kept)
      return yield { step: 'well', what, detail: 'it is passed through, since there is no room to keep it' };
    yield { step: 'image', image: this.find(ended.verdict.sha256) };
  }

  #listed(image: KeptImage, current: ReadonlySet<string> = currentImages(this.#parts.library.images())): ListedImage {
    return { ...image, checked: this.#parts.library.isChecked(image.sha256), current: current.has(image.sha256) };
  }
}
