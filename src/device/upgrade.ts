// Owns what a device does from one boot to the next, and what comes of an upgrade as a whole.

import type { CheckOutcome } from './check.ts';
import type { DownloadOutcome, DownloadStage } from './download.ts';

type Image = Extract<DownloadOutcome, { outcome: 'valid' }>;

/** What a boot needs of its device. */
export type Booting = {
  running: () => string;
  check: () => Promise<CheckOutcome>;
  download: (url: string) => Promise<DownloadOutcome>;
  boot: (image: Image) => void;
};

export type UpgradeStep =
  | { step: 'check'; running: string; check: CheckOutcome }
  | { step: 'download'; url: string; download: DownloadOutcome }
  | { step: 'reboot'; from: string; to: string };

export type UpgradeResult =
  /** Restarted into another image; the check after it shows nothing more to do. */
  | { outcome: 'upgraded'; from: string; to: string }
  /** Nothing was offered. */
  | { outcome: 'current'; version: string }
  | { outcome: 'check-failed'; code: number; because: string }
  | { outcome: 'download-failed'; at: DownloadStage; because: string }
  /** 1.5–1.9: the image carries the running version, so it was left alone. */
  | { outcome: 'skipped'; version: string }
  /** Restarted into the image, but the check after it failed: the server never hears of it. */
  | { outcome: 'unproven'; from: string; to: string; code: number; because: string }
  /** The same version is offered again after the restart: the device upgrades at every boot, for ever. */
  | { outcome: 'update-loop'; from: string; to: string; offered: string }
  /** A crash that comes again at every boot. */
  | { outcome: 'boot-loop'; during: 'check' | 'download'; because: string };

/** The result, and every step on the way to it, in order. */
export type UpgradeOutcome = UpgradeResult & { steps: UpgradeStep[] };

/**
 * Check, download, restart, check. The second check is what a server can believe: it is a device that says what it
 * runs now. A version that is newer still is left for the next call.
 */
export async function upgrade(device: Booting): Promise<UpgradeOutcome> {
  const steps: UpgradeStep[] = [];
  const result = await run(device, steps);
  return { ...result, steps };
}

async function run(device: Booting, steps: UpgradeStep[]): Promise<UpgradeResult> {
  const from = device.running();
  const offer = await device.check();
  steps.push({ step: 'check', running: from, check: offer });
  if (offer.outcome === 'failed') return { outcome: 'check-failed', code: offer.code, because: offer.because };
  if (offer.outcome === 'crashed') return { outcome: 'boot-loop', during: 'check', because: offer.because };
  if (offer.outcome === 'current') return { outcome: 'current', version: from };

  const download = await device.download(offer.url);
  steps.push({ step: 'download', url: offer.url, download });
  if (download.outcome === 'failed') {
    return { outcome: 'download-failed', at: download.at, because: download.because };
  }
  if (download.outcome === 'skipped') return { outcome: 'skipped', version: download.version };
  if (download.outcome === 'crashed') return { outcome: 'boot-loop', during: 'download', because: download.because };

  device.boot(download);
  const to = device.running();
  steps.push({ step: 'reboot', from, to });
  const proof = await device.check();
  steps.push({ step: 'check', running: to, check: proof });
  if (proof.outcome === 'failed') return { outcome: 'unproven', from, to, code: proof.code, because: proof.because };
  if (proof.outcome === 'crashed') return { outcome: 'boot-loop', during: 'check', because: proof.because };
  if (proof.outcome === 'update' && proof.version === offer.version) {
    return { outcome: 'update-loop', from, to, offered: proof.version };
  }
  return { outcome: 'upgraded', from, to };
}
