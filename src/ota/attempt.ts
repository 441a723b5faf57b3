// Owns one attempt of a device to upgrade: what was seen of its downloads, and why it failed as well as that can be told.
import { clientNetwork } from './client-network.ts';

/** What a link promised, and whether it was sealed for this device: that is what counts as proof. */
export type LinkSeen = { version: string | null; board: string | null; sealed: boolean };

/** `download` names one request for an image. `startedMs` is when it came, `atMs` when this was seen of it. */
type DownloadPart = { atMs: number; startedMs: number; download: string; client: string; link: LinkSeen };

export type DownloadSeen =
  | ({ kind: 'download-begun' } & DownloadPart)
  | ({ kind: 'download-moved'; bytes: number; length: number } & DownloadPart)
  | ({
      kind: 'download-ended';
      /** Where in the image this request began, how much of it was sent, and how long all of it is. */
      offset: number;
      bytes: number;
      length: number | null;
      /** All that was asked for was sent. */
      complete: boolean;
      /** The longest time in which the device waited for the next byte. */
      gapMs: number;
      /** Why it ended early; `CLIENT_GONE` where the device left. */
      code: string | null;
    } & DownloadPart)
  /** The link was used, and no image could be had for it. */
  | ({ kind: 'fill-failed'; code: string; why: string | null } & DownloadPart);

export type Attempt = {
  /** What was promised; what ran when it was, and that one's build. */
  version: string;
  from: string | null;
  fromElf: string | null;
  board: string | null;
  /** The offer, or the first use of a link whose offer was not seen. */
  sinceMs: number;
  sealed: boolean;
  /** The device used a link that was sealed for it, from these networks. */
  proven: boolean;
  networks: string[];
  tries: number;
  running: { download: string; newsMs: number }[];
  /** Checks that came while a download ran. */
  restarts: number;
  begunMs: number | null;
  /** How far the image was sent without a hole, in all tries. */
  reached: number;
  length: number | null;
  complete: boolean;
  gapMs: number;
  code: string | null;
};

export type Because =
  | 'never-asked'
  | 'unseen'
  | 'left'
  | 'stalled'
  | 'fault'
  | 'refused'
  | 'mislabelled'
  | 'rolled-back';

export type Explained = { because: Because; why: string };

// A device has one connection; more downloads at a time are not its own.
const MAX_RUNNING = 8;
// A device changes its own at the most once in an attempt.
const MAX_NETWORKS = 4;
// No download takes that long without news: its gate died, and its end was never told.
const SILENT_MS = 15 * 60_000;
// Each gate sends its events on its own, so a download can be heard of before the check that handed out its link.
const OUT_OF_ORDER_MS = 5_000;
// Firmware 1.5–1.7 gives up after 5 s without a byte, later ones after 30 s.
const PATIENCE_MS = 5_000;

export function newAttempt(
  offer: { version: string; sealed: boolean; board: string | null },
  running: { version: string | null; elfSha256: string | null },
  sinceMs: number,
): Attempt {
  return {
    ...offer,
    from: running.version,
    fromElf: running.elfSha256,
    sinceMs,
    proven: false,
    networks: [],
    tries: 0,
    running: [],
    restarts: 0,
    begunMs: null,
    reached: 0,
    length: null,
    complete: false,
    gapMs: 0,
    code: null,
  };
}

/** Whether a download of this attempt still runs, as far as anyone can know. */
export function isRunning(attempt: Attempt, nowMs: number): boolean {
  // In both directions: the clock may have been set.
  return attempt.running.some(({ newsMs }) => Math.abs(nowMs - newsMs) < SILENT_MS);
}

/** Whether a check that is heard of now was made before the first download of this attempt. */
export function cameLate(attempt: Attempt, checkMs: number): boolean {
  if (attempt.begunMs === null) return false;
  const aheadMs = attempt.begunMs - checkMs;
  return aheadMs >= 0 && aheadMs <= OUT_OF_ORDER_MS;
}

/** Whether this is news of the attempt: not of one before it that ends late, and not of another version's link. */
export function belongsTo(attempt: Attempt, seen: DownloadSeen): boolean {
  // What anyone can say of a device must not stand beside what its sealed link says.
  if (attempt.sealed && !seen.link.sealed) return false;
  if (attempt.running.some(({ download }) => download === seen.download)) return true;
  if (seen.link.version !== null && seen.link.version !== attempt.version) return false;
  return seen.kind === 'download-begun' || seen.startedMs >= attempt.sinceMs;
}

/** The attempt after news of one of its downloads. */
export function afterDownload(attempt: Attempt, seen: DownloadSeen): Attempt {
  const others = attempt.running.filter(({ download }) => download !== seen.download);
  const isNew = others.length === attempt.running.length;
  const still = [...others, { download: seen.download, newsMs: seen.atMs }].slice(-MAX_RUNNING);
  const next: Attempt = {
    ...attempt,
    proven: attempt.proven || seen.link.sealed,
    networks: seen.link.sealed ? withNetwork(attempt.networks, clientNetwork(seen.client)) : attempt.networks,
    tries: attempt.tries + (isNew ? 1 : 0),
    begunMs: attempt.begunMs ?? seen.startedMs,
    running: others,
  };
  switch (seen.kind) {
    case 'download-begun':
      return { ...next, running: still };
    case 'download-moved':
      return { ...next, running: still, ...reach(attempt, 0, seen.bytes, seen.length) };
    case 'fill-failed':
      return { ...next, code: seen.code };
    case 'download-ended': {
      const { reached, length } = reach(attempt, seen.offset, seen.bytes, seen.length);
      return {
        ...next,
        reached,
        length,
        complete: attempt.complete || (seen.complete && length !== null && reached >= length),
        gapMs: Math.max(attempt.gapMs, seen.gapMs),
        code: seen.complete ? attempt.code : seen.code,
      };
    }
  }
}

function withNetwork(networks: string[], network: string): string[] {
  return networks.includes(network) ? networks : [...networks, network].slice(-MAX_NETWORKS);
}

function reach(before: Attempt, offset: number, bytes: number, length: number | null) {
  // Another length is another image, though it has the same version.
  const same = length === null || before.length === null || length === before.length;
  const reached = same ? before.reached : 0;
  return { reached: offset <= reached ? Math.max(reached, offset + bytes) : reached, length: length ?? before.length };
}

/** What broke the downloads off, where none of them was complete. */
export function explainBroken({ tries, reached, length, code, gapMs, restarts, running }: Attempt): Explained {
  const many = tries > 1 ? `, in ${tries} tries` : '';
  const far = length === null ? `${reached} bytes` : `${reached} of ${length} bytes`;
  if (code !== null && code !== 'CLIENT_GONE') {
    const why = reached === 0 ? `the link was answered with ${code}` : `the download was cut off after ${far}: ${code}`;
    return { because: 'fault', why: why + many };
  }
  if (gapMs > PATIENCE_MS) {
    const seconds = (gapMs / 1000).toFixed(1);
    const why = `the device left after ${far}; it had waited ${seconds} s for bytes, and old firmware gives up after 5 s`;
    return { because: 'stalled', why: why + many };
  }
  if (running.length > 0 && restarts > 0)
    return { because: 'left', why: `the device restarted while it downloaded${many}` };
  return { because: 'left', why: `the device left after ${far}${many}` };
}

/** Why a device that was to run `attempt.version` came with `version`, whose build is `elfSha256`. */
export function explainFailure(attempt: Attempt, version: string, elfSha256: string | null): Explained {
  const { from, fromElf, length, complete, tries, sealed } = attempt;
  if (!complete && tries > 0) return explainBroken(attempt);
  if (!complete) {
    return sealed
      ? { because: 'never-asked', why: 'the device checked again and had not asked for the link' }
      : { because: 'unseen', why: `the device came with ${version}; its link was not sealed, so no download was seen` };
  }
  const otherBuild = elfSha256 !== null && fromElf !== null && elfSha256 !== fromElf;
  if (otherBuild || (from !== null && version !== from)) {
    // Such a device takes the same image again at every boot.
    return { because: 'mislabelled', why: `the image that was handed out for ${attempt.version} carries ${version}` };
  }
  const why = `all ${length ?? 0} bytes were sent, and the device came with ${version}: it refused the image (hash, chip, partition), or rolled back`;
  return { because: 'refused', why };
}
