// Owns the way to one webhook: a bounded queue, tries with growing pauses, and what became of the last message.
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { readAtMost } from '../../base/bounded-body.ts';
import { errorCode, errorText } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { printable } from '../../base/printable.ts';
import type { WebhookConfig } from '../../config/alerts.ts';
import { type Alert, alertRequest, refusalOf } from './message.ts';

/** For tests that do not want to wait. */
export type Patience = { tries: number; firstPauseMs: number; betweenMs: number; timeoutMs: number };

// Robots take 20 messages a minute; five tries reach over eleven minutes.
const PATIENCE: Patience = { tries: 5, firstPauseMs: 8_000, betweenMs: 3_100, timeoutMs: 10_000 };
const MAX_WAITING = 50;
const MAX_ANSWER_BYTES = 64 * 1024;

/** `host` alone names a target: the rest of its URL is a secret. */
export type TargetStatus = { host: string; format: string; waiting: number; dropped: number; lastFault: string | null };

export class Target {
  readonly webhook: WebhookConfig;
  readonly #log: Log;
  readonly #gate: () => string;
  readonly #patience: Patience;
  readonly #ending = new AbortController();
  #waiting: Alert[] = [];
  #dropped = 0;
  #lastFault: string | null = null;
  #sending = false;

  constructor(webhook: WebhookConfig, gate: () => string, log: Log, patience: Patience = PATIENCE) {
    this.webhook = webhook;
    this.#gate = gate;
    this.#log = log;
    this.#patience = patience;
  }

  get status(): TargetStatus {
    const { host } = new URL(this.webhook.webhook);
    const { format } = this.webhook;
    return { host, format, waiting: this.#waiting.length, dropped: this.#dropped, lastFault: this.#lastFault };
  }

  /** Queues a message; past 50 that wait, the oldest is dropped and counted. */
  tell(alert: Alert): void {
    this.#waiting.push(alert);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    if (!this.#sending) void this.#send();
  }

  /** Sends one at once, once. Gives why it was not taken, or null. */
  async try(alert: Alert): Promise<string | null> {
    return this.#post(alert);
  }

  stop(): void {
    this.#waiting = [];
    this.#ending.abort();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    const { signal } = this.#ending;
    for (let alert = this.#waiting.shift(); alert !== undefined; alert = this.#waiting.shift()) {
      await this.#deliver(alert);
      await pause(this.#patience.betweenMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) break;
    }
    this.#sending = false;
  }

  async #deliver(alert: Alert): Promise<void> {
    const { tries, firstPauseMs } = this.#patience;
    for (let tried = 1; tried <= tries && !this.#ending.signal.aborted; tried += 1) {
      const fault = await this.#post(alert);
      this.#lastFault = fault;
      if (fault === null) return;
      const { host, format } = this.status;
      const line = { event: 'alert-failed', kind: alert.kind, host, format, tried, detail: fault };
      if (tried === tries) {
        const next = 'see alerts.webhooks, and try it by: otagate alerts test';
        this.#log.error(line, `${host} did not take an alert (${alert.kind}): ${fault}; given up. ${next}`);
        return;
      }
      this.#log.warn(line, `${host} did not take an alert (${alert.kind}): ${fault}; it is sent again`);
      const waitMs = firstPauseMs * 4 ** (tried - 1);
      await pause(waitMs, undefined, { signal: this.#ending.signal, ref: false }).catch(() => {});
    }
  }

  async #post(alert: Alert): Promise<string | null> {
    const { url, headers, body } = alertRequest(alert, this.webhook, this.#gate(), Date.now());
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: { 'user-agent': 'otagate', ...headers },
        body,
        reset: true,
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(this.#patience.timeoutMs)]),
      });
      const { bytes } = await readAtMost(answer.body, MAX_ANSWER_BYTES);
      const refusal = refusalOf(this.webhook.format, answer.statusCode, bytes.toString('utf8'));
      return refusal === null ? null : printable(refusal, 300);
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
      return printable(`${errorText(error)} (${errorCode(error)})`, 300);
    }
  }
}
