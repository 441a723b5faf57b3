// Owns what a check tells of the upgrade before it.
import { type Attempt, type Because, cameLate, explainBroken, explainFailure, isRunning } from './attempt.ts';
import type { Check, DeviceRecord } from './device-record.ts';

// An image that does not work is left within its first boots; who flashes an old one by hand does so at any time.
const ROLL_BACK_MS = 86_400_000;

export type Told =
  /** Nothing yet, of this attempt; or there is none. */
  | { kind: 'nothing'; attempt: Attempt | null }
  /** The device restarted while it downloaded, or somebody else speaks in its name: not decided yet. */
  | { kind: 'restarted'; attempt: Attempt }
  | { kind: 'upgraded'; attempt: Attempt }
  /** The version that ran was handed out again, by force: whether the image was taken, its version does not say. */
  | { kind: 'reinstalled'; attempt: Attempt }
  | {
      kind: 'failed';
      attempt: Attempt | null;
      version: string;
      board: string | null;
      proven: boolean;
      /** The networks that its links were used from. */
      networks: readonly string[];
      because: Because;
      why: string;
    };

/** What this check says of the attempt that the record holds, or of the upgrade that went well before. */
export function tell({ version: ran, memory }: DeviceRecord, check: Check): Told {
  const { version, elfSha256, atMs, offer } = check;
  const { attempt, upgrade } = memory;
  // A check without a version says nothing of what runs.
  if (version === null) return { kind: 'nothing', attempt };
  if (attempt !== null) {
    const { from, complete } = attempt;
    if (cameLate(attempt, atMs) && offer.kind === 'offered' && offer.version === attempt.version)
      return { kind: 'nothing', attempt: { ...attempt, from: version, fromElf: elfSha256 } };
    if (version === attempt.version && version !== from) return { kind: 'upgraded', attempt };
    const asBefore = from === null || version === from;
    if (asBefore && isRunning(attempt, atMs) && !complete) return whileRunning(attempt);
    if (version === attempt.version && complete) return { kind: 'reinstalled', attempt };
    if (asBefore || complete) return failed(attempt, explainFailure(attempt, version, elfSha256));
  }
  if (upgrade !== null && ran === upgrade.version && version === upgrade.from && isRecent(upgrade.atMs, atMs)) {
    const { board, proven, network } = upgrade;
    const why = `the device ran ${ran}, and came back with ${version}: it rolled back, or was flashed by hand`;
    return {
      kind: 'failed',
      attempt: null,
      version: ran,
      board,
      proven,
      networks: [network],
      because: 'rolled-back',
      why,
    };
  }
  return { kind: 'nothing', attempt: null };
}

function isRecent(thenMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - thenMs) < ROLL_BACK_MS;
}

/** Once may be a stranger. A device whose connection hangs for a minute would else restart for ever and never fail. */
function whileRunning(attempt: Attempt): Told {
  const again = { ...attempt, restarts: attempt.restarts + 1 };
  return again.restarts > 1 ? failed(again, explainBroken(again)) : { kind: 'restarted', attempt: again };
}

function failed(attempt: Attempt, explained: { because: Because; why: string }): Told {
  const { version, board, proven, networks } = attempt;
  return { kind: 'failed', attempt, version, board, proven, networks, ...explained };
}
