// Owns looking out for what an operator must hear of: upstreams, devices, certificates, the disk, the shared store.
import { statfs } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import type { GateEvent } from '../link/events.ts';
import type { DeviceRow } from '../ota/device-record.ts';
import type { CertificateStatus } from './certificate-status.ts';
import type { KeepingStatus } from './keeping.ts';
import type { Notices } from './notices.ts';
import { UpstreamTrouble } from './upstream-trouble.ts';

// The first tries of a renewal fail for reasons that pass; these reach over several hours.
const FAILURES_TOLD = 3;
const SOON_DAYS = 7;
// A Redis that starts again, or hands over to another one, is back by then.
const STORE_GONE_MS = 30_000;

export type LookoutParts = {
  notices: Notices;
  config: () => Config;
  /** What is served; asked once a minute. */
  certificates: () => CertificateStatus[];
  /** Where the state is; asked once a minute. */
  keeping: () => KeepingStatus;
  /** Bytes free on the disk of a folder. */
  freeBytes?: (folder: string) => Promise<number>;
};

export class Lookout {
  readonly #parts: LookoutParts;
  readonly #upstreams: UpstreamTrouble;

  constructor(parts: LookoutParts) {
    this.#parts = parts;
    this.#upstreams = new UpstreamTrouble(parts.notices);
  }

  onEvent(event: GateEvent): void {
    this.#upstreams.observe(event, this.#parts.config().alerts.upstreamDownMs);
  }

  /**
   * Only a device that used a link made for it counts: anyone can send any name. Where several machines have one history,
   * the one that it came to (`own`) tells people; who began to tell also tells the end.
   */
  onDevice(row: DeviceRow, own = true): void {
    const { notices, config } = this.#parts;
    if (row.proven && row.failures >= config().alerts.deviceFailures) {
      const what = `${row.board || 'unknown board'}, still ${row.version || 'an unknown version'}`;
      const next = `otagate devices ${row.device}`;
      notices.begin(
        'device-failing',
        row.device,
        `device ${row.device} (${what}) failed ${row.failures} times in a row to upgrade: ${row.why ?? 'unknown why'}; see ${next}`,
        own ? 'this machine' : 'another machine',
      );
    } else if (row.failures === 0) {
      notices.end('device-failing', row.device, `device ${row.device} runs ${row.version}`);
    }
  }

  /** Looks at what nobody reports. Never throws. */
  async look(): Promise<void> {
    const { config } = this.#parts;
    this.#upstreams.keepOnly(new Set(Object.keys(config().upstreams)));
    for (const certificate of this.#parts.certificates()) this.#lookAt(certificate);
    this.#lookAtStore(this.#parts.keeping());
    await this.#lookAtDisk(config());
  }

  #lookAt({ names, renewal, daysLeft, notAfter }: CertificateStatus): void {
    const { notices } = this.#parts;
    const name = names[0] ?? '';
    const failing = renewal !== null && renewal.failures >= FAILURES_TOLD;
    // A short-lived certificate is renewed in its last days, as it should be; one that nobody renews is not.
    const forgotten = renewal === null && daysLeft < SOON_DAYS;
    const until = `${daysLeft < 0 ? 'it ended' : 'it ends'} ${notAfter.slice(0, 10)}`;
    if (failing) {
      const why = `${renewal.failures} orders failed, the last one with: ${renewal.lastError ?? ''}`;
      notices.begin('certificate-not-renewed', name, `the certificate of ${name} is not renewed (${until}): ${why}`);
    } else if (forgotten) {
      const next = 'replace the files under tls.certificates; they are taken at once';
      notices.begin(
        'certificate-not-renewed',
        name,
        `the certificate of ${name} ${daysLeft < 0 ? 'has expired' : 'is about to expire'} (${until}): ${next}`,
      );
    } else notices.end('certificate-not-renewed', name, `${name} has a certificate for ${daysLeft} more days`);
  }

  #lookAtStore(keeping: KeepingStatus): void {
    if (keeping.kind === 'sqlite') return;
    const { notices } = this.#parts;
    const { server, connected, sinceMs, trouble } = keeping;
    if (connected) notices.end('store-gone', server, `${server} answers again: the machines have the same state`);
    else if (Date.now() - sinceMs >= STORE_GONE_MS) {
      const next =
        'start it, or correct store; meanwhile this machine goes on by its own copy, and hears nothing of others';
      notices.begin('store-gone', server, `${server} cannot be reached (${trouble ?? 'no answer'}): ${next}`);
    }
  }

  async #lookAtDisk({ stateDir, alerts }: Config): Promise<void> {
    const { notices, freeBytes = freeBytesOf } = this.#parts;
    let free: number;
    try {
      free = await freeBytes(stateDir);
    } catch {
      return; // whether it can be written is told by those who write
    }
    const megabytes = Math.floor(free / 1024 ** 2);
    if (free < alerts.diskFreeBytes) {
      const next = 'make room, or lower firmware.maxBytes; firmware is served without being kept meanwhile';
      notices.begin('disk-low', stateDir, `${megabytes} MiB are free on the disk of ${stateDir}: ${next}`);
    }
    // Somewhat more than at its beginning, so that it does not come and go.
    else if (free > alerts.diskFreeBytes * 1.1)
      notices.end('disk-low', stateDir, `${megabytes} MiB are free on the disk of ${stateDir}`);
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
