// Owns telling people: every notice goes to each webhook that wants its kind.
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../../base/log.ts';
import type { Config } from '../../config/config.ts';
import type { Trial } from '../admin/alert-schemas.ts';
import type { Notice, Notices } from '../notices.ts';
import type { Alert } from './message.ts';
import { Target, type TargetStatus } from './target.ts';

export class Alerts {
  readonly #log: Log;
  #targets: Target[] = [];
  #domain = '';

  constructor(notices: Notices, log: Log) {
    this.#log = log;
    notices.onNotice((notice, by) => {
      if (by === 'this machine') this.#tell(notice);
    });
  }

  /** Takes the webhooks of a configuration. One that stays keeps what waits for it. */
  apply({ alerts, domains }: Config): void {
    this.#domain = domains[0] ?? '';
    const before = this.#targets;
    this.#targets = alerts.webhooks.map(
      (webhook) =>
        before.find((target) => isDeepStrictEqual(target.webhook, webhook)) ??
        new Target(webhook, () => this.#domain, this.#log),
    );
    for (const target of before) if (!this.#targets.includes(target)) target.stop();
  }

  status(): TargetStatus[] {
    return this.#targets.map((target) => target.status);
  }

  /** Sends a message to every webhook, now and once. */
  async test(): Promise<Trial[]> {
    const detail = 'Alerts from this gate reach this place. 本网关的告警会发送到这里。';
    const alert: Alert = { kind: 'test', subject: this.#domain, state: 'begun', detail, atMs: Date.now() };
    return Promise.all(
      this.#targets.map(async (target) => {
        const fault = await target.try(alert);
        const { host, format } = target.status;
        return { host, format, fault };
      }),
    );
  }

  stop(): void {
    for (const target of this.#targets) target.stop();
  }

  #tell(notice: Notice): void {
    for (const target of this.#targets) if (target.webhook.kinds.includes(notice.kind)) target.tell(notice);
  }
}
