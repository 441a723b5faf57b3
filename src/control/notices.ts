// Owns what an operator must hear of even when nobody looks: each trouble told once when it begins, and once when it is over.
import { type Clock, systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { AlertKind } from '../config/alerts.ts';

export type Notice = {
  kind: AlertKind;
  /** What it is about: the name, the upstream, the rollout, the device. One trouble is one kind and one subject. */
  subject: string;
  state: 'begun' | 'over';
  /** What happened, in a sentence that names the next step. Made printable. */
  detail: string;
  atMs: number;
};

/** Who tells people of a trouble that several machines see: this one, or the one that it came to. */
export type ToldBy = 'this machine' | 'another machine';

/** Must not throw. */
export type NoticeEar = (notice: Notice, by: ToldBy) => void;

// Troubles that last at the same time. Past it, the one that began first is forgotten, and may be told again.
const MAX_LASTING = 1_000;
const MAX_TEXT = 500;

export class Notices {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #lasting = new Map<string, { notice: Notice; by: ToldBy }>();
  readonly #ears = new Set<NoticeEar>();

  constructor(log: Log, clock: Clock = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Hears of every notice from now on. */
  onNotice(ear: NoticeEar): void {
    this.#ears.add(ear);
  }

  /** The troubles that last, the newest first. */
  lasting(): Notice[] {
    return [...this.#lasting.values()].map(({ notice }) => notice).reverse();
  }

  /** A trouble is there. Told where it was not there before; said again, it is not news. */
  begin(kind: AlertKind, subject: string, detail: string, by: ToldBy = 'this machine'): void {
    const key = `${kind} ${subject}`;
    if (this.#lasting.has(key)) return;
    const [first] = this.#lasting.keys();
    if (this.#lasting.size >= MAX_LASTING && first !== undefined) this.#lasting.delete(first);
    const notice = this.#make(kind, subject, 'begun', detail);
    this.#lasting.set(key, { notice, by });
    const level = by === 'this machine' ? 'error' : 'info';
    this.#log[level]({ event: 'notice', kind, subject: notice.subject, by }, notice.detail);
    for (const ear of this.#ears) ear(notice, by);
  }

  /** A trouble is over. Nothing is told where it was not there. */
  end(kind: AlertKind, subject: string, detail: string): void {
    const key = `${kind} ${subject}`;
    const before = this.#lasting.get(key);
    if (before === undefined) return;
    this.#lasting.delete(key);
    const notice = this.#make(kind, subject, 'over', detail);
    this.#log.info({ event: 'notice-over', kind, subject: notice.subject, by: before.by }, notice.detail);
    for (const ear of this.#ears) ear(notice, before.by);
  }

  #make(kind: AlertKind, subject: string, state: Notice['state'], detail: string): Notice {
    return { kind, subject: printable(subject, 200), state, detail: printable(detail, MAX_TEXT), atMs: this.#clock() };
  }
}
