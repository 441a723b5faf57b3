// Owns this gate's Asks to control, and the images that it has open: one for all who read the same bytes.
import { GateError } from '../base/errors.ts';
import { GrowingFile } from '../firmware/growing-file.ts';
import type { CacheHow, FillProgress, FirmwareAnswer, FirmwareAsk, FirmwareObject } from '../link/firmware.ts';
import type { ToControl } from '../link/messages.ts';
import { NEVER_SILENT, type Silence } from './control-pulse.ts';
import { LatelyTold } from './lately-told.ts';

/** An image to read, until `leave` is called; it must be called. */
export type OpenImage = { file: GrowingFile; how: CacheHow; leave: () => void };

const MAX_ASKS = 10_000;
// Control answers an image without a length when it is whole, and everything else within the times of its fetch.
const ANSWER_MS = 10 * 60_000;

type Refusal = Extract<FirmwareAnswer, { kind: 'refused' }>;
/** An answer, with a place among the readers of its image. */
type Entered =
  | Refusal
  | { kind: 'entered'; file: GrowingFile; how: CacheHow; entering: Promise<void>; holdsMs: number };

export class FirmwareAsks {
  readonly #send: (message: ToControl) => Promise<void>;
  readonly #waiting = new Map<number, (answer: Entered) => void>();
  readonly #open = new Map<string, GrowingFile>();
  #pulse: Silence = NEVER_SILENT;
  /** Of images that were whole and in the store. */
  readonly #lately = new LatelyTold<FirmwareObject>();
  readonly #onHeld: (sha256: string) => void;
  #lastId = 0;

  /** `onHeld` hears of links that were served without an Ask, by what control had told of them a moment before. */
  constructor(send: (message: ToControl) => Promise<void>, onHeld: (sha256: string) => void) {
    this.#send = send;
    this.#onHeld = onHeld;
  }

  /** From now on, links go by what was told lately where control is silent. */
  goBy(pulse: Silence): void {
    this.#pulse = pulse;
  }

  /**
   * Asks for the bytes behind a link. An image that leaves the disk between the answer and its opening is asked for once
   * more. Where control is silent, what it told of this link lately is served on.
   * @throws {GateError} what control found, or INTERNAL where control is not there
   */
  async open(ask: FirmwareAsk): Promise<OpenImage> {
    try {
      return await this.#openOnce(ask);
    } catch (error) {
      if (!(error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT')) throw error;
      return this.#openOnce(ask);
    }
  }

  /**
   * Takes an answer. The image is open to news from this moment on, and held open: they can come in the same read, before
   * any promise, and so can the end of the last one that read it.
   */
  onAnswer(id: number, answer: FirmwareAnswer): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    if (answer.kind === 'refused') {
      waiting(answer);
      return;
    }
    waiting(this.#enter(answer.object, answer.how, answer.holdsMs));
  }

  #enter(object: FirmwareObject, how: CacheHow, holdsMs = 0): Entered {
    const file = this.#open.get(object.id) ?? new GrowingFile(object);
    // The answer can be newer than what this gate heard last of the same fill.
    file.update({ file: object.file, state: object.state });
    this.#open.set(object.id, file);
    return { kind: 'entered', file, how, entering: file.enter(), holdsMs };
  }

  onProgress({ id, file, state }: FillProgress): void {
    this.#open.get(id)?.update({ file, state });
  }

  /** Other bytes may be behind the links by now: each is asked about again. */
  letGo(): void {
    this.#lately.letGo();
  }

  /** Control is gone: what is not whole will never be. */
  abandon(): void {
    const [code, message] = ['INTERNAL', 'the control process is gone'] as const;
    const state = { kind: 'failed', code, detail: message } as const;
    for (const file of this.#open.values()) file.update({ file: file.object.file, state });
    for (const answer of [...this.#waiting.values()])
      answer({ kind: 'refused', code, message, fault: 'gate', status: 503, retry: true });
  }

  async #openOnce(ask: FirmwareAsk): Promise<OpenImage> {
    const answer = await this.#ask(ask);
    if (answer.kind === 'refused') {
      const { code, message, fault, status, retry } = answer;
      throw new GateError(code, message, { fault, status, retry });
    }
    const { file, how, entering } = answer;
    try {
      await entering;
    } catch (error) {
      this.#lately.forget(ask);
      this.#forget(file);
      const { state } = file;
      // The fill ended before its file was open here.
      if (state.kind === 'failed') throw new GateError(state.code, state.detail, { fault: 'upstream' });
      throw error;
    }
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      file.leave();
      this.#forget(file);
    };
    return { file, how, leave };
  }

  /** Hears no more of an image that nobody reads; whoever still does would wait for ever. */
  #forget(file: GrowingFile): void {
    if (!file.isRead && this.#open.get(file.object.id) === file) this.#open.delete(file.object.id);
  }

  #ask(ask: FirmwareAsk): Promise<Entered> {
    const held = this.#lately.held(ask);
    if (held !== null) {
      this.#onHeld(held.id);
      return Promise.resolve(this.#enter(held, 'hit'));
    }
    if (this.#waiting.size >= MAX_ASKS) {
      throw new GateError('FIRMWARE_NO_ROOM', 'too many downloads wait to begin: ask again in a minute', {
        fault: 'gate',
        status: 503,
        retry: true,
      });
    }
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        settle(() => reject(new GateError('INTERNAL', why, { fault: 'gate', status: 503, retry: true })));
      const timer = setTimeout(() => fail('control did not answer'), ANSWER_MS).unref();
      const silent = this.#pulse.whenSilent(() => {
        const object = this.#lately.of(ask);
        if (object !== null) settle(() => resolve(this.#enter(object, 'stale')));
      });
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        silent.stop();
        this.#waiting.delete(id);
        then();
      };
      this.#waiting.set(id, (answer) => {
        if (answer.kind === 'entered') {
          // One that came here while it grew has left its name since.
          const { object } = answer.file;
          if (object.stored && object.state.kind === 'whole') this.#lately.keep(ask, object, answer.holdsMs);
        }
        settle(() => resolve(answer));
      });
      this.#send({ kind: 'ask', id, ask }).catch(() => fail('the control process is gone'));
    });
  }
}
