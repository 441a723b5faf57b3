// Owns telling, once for each certificate, what devices would say of it: at the start, and at every change.
import { createHash } from 'node:crypto';
import type { Log } from '../base/log.ts';
import type { Snapshot } from '../link/snapshot.ts';
import { certificateStatus, uncoveredDomains } from './certificate-status.ts';

export class DeviceNotices {
  /** What was told of is in the snapshot before; so this holds as many as are served. */
  #told = new Set<string>();

  /** Writes a line for each fault or warning of a chain, and for each domain without one, that was not served before. */
  tell(log: Log, { tls, policy, listen }: Snapshot, nowMs: number): void {
    if (listen.https.length === 0) return;
    const now = new Set<string>();
    for (const { names, fingerprint, devices } of certificateStatus(tls, policy.domains, [], nowMs)) {
      now.add(fingerprint);
      if (this.#told.has(fingerprint)) continue;
      for (const { code, severity, what, why, remedy } of devices.filter((finding) => finding.severity !== 'note')) {
        log.warn({ event: 'certificate-finding', names, code, severity }, `${names[0]}: ${what}. ${why}; ${remedy}`);
      }
    }
    for (const domain of uncoveredDomains(tls, policy.domains)) {
      const key = createHash('sha256').update(domain).digest('hex');
      now.add(key);
      if (this.#told.has(key)) continue;
      log.warn(
        { event: 'certificate-missing', domain },
        `no certificate is for ${domain}: devices that ask by it end the handshake`,
      );
    }
    this.#told = now;
  }
}
