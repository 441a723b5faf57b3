// Owns the decision what a rollout makes of an offer, for one device. Pure: the same on every machine, and in a dry run.
import { createHash } from 'node:crypto';
import type { RolloutConfig } from '../config/rollouts.ts';
import type { OfferedApp } from './offer-case.ts';
import { compareVersions, isSafeVersion } from './version.ts';

/** A rollout as it stands: what the file or a command says, and what has become of it. */
export type Rollout = RolloutConfig & {
  startedMs: number;
  held: boolean;
  /** Rolled back: the version for each board, in the place of its own action. */
  targets: Record<string, string> | null;
  stops: { board: string; version: string; why: string }[];
};

/** An app of the store, by the board and the version that its name says. */
export type StoredImage = { sha256: string; board: string; lengthBytes: number; app: OfferedApp };

export type RolloutDevice = {
  device: string | null;
  board: string | null;
  version: string | null;
  elfSha256: string | null;
  client: string;
};

export type RolloutVerdict =
  /** The upstream's offer goes through; `rollout` is null where none fits the device. */
  | { action: 'pass'; rollout: string | null; why: string }
  | { action: 'hold'; rollout: string; why: string }
  | { action: 'send'; rollout: string; image: StoredImage; forced: boolean; why: string }
  /** Only where the rollout takes the device in, of which there may be `limit`; else it is held by `why`. */
  | { action: 'admit'; rollout: string; limit: number; next: RolloutVerdict; why: string };

export type Rollouts = {
  decide: (device: RolloutDevice, offered: string | null, nowMs: number) => RolloutVerdict;
  /** Each rollout with what it says of the device, until one decides. */
  explain: (device: RolloutDevice, offered: string | null, nowMs: number) => { rollout: string; says: string }[];
};

type Compiled = { rollout: Rollout; fits: (device: RolloutDevice) => string | null };

/** Compiles rollouts once for many checks. `networks` compiles a list of networks. */
export function compileRollouts(
  rollouts: readonly Rollout[],
  images: readonly StoredImage[],
  networks: (list: readonly string[]) => (address: string) => boolean,
): Rollouts {
  const byName = new Map(images.map((image) => [`${image.board} ${image.app.version}`, image]));
  const compiled = rollouts.map((rollout): Compiled => ({ rollout, fits: compileMatch(rollout, networks) }));
  const find = (board: string, version: string): StoredImage | undefined => byName.get(`${board} ${version}`);
  return {
    decide: (device, offered, nowMs) => {
      for (const { rollout, fits } of compiled) {
        if (fits(device) !== null) continue;
        const verdict = judge(rollout, device, offered, nowMs, find);
        if (verdict !== null) return verdict;
      }
      return { action: 'pass', rollout: null, why: 'no rollout fits this device' };
    },
    explain: (device, offered, nowMs) => {
      const trail: { rollout: string; says: string }[] = [];
      for (const { rollout, fits } of compiled) {
        const misfit = fits(device);
        const verdict = misfit === null ? judge(rollout, device, offered, nowMs, find) : null;
        trail.push({ rollout: rollout.name, says: misfit ?? verdict?.why ?? 'leaves this device to the next one' });
        if (verdict !== null) break;
      }
      return trail;
    },
  };
}

/** Gives why a rollout is not for a device, or null. */
function compileMatch(
  { boards, devices, versions, networks }: Rollout,
  compile: (list: readonly string[]) => (address: string) => boolean,
): Compiled['fits'] {
  const [boardSet, deviceSet, versionSet] = [new Set(boards), new Set(devices), new Set(versions)];
  const isFrom = networks.length === 0 ? null : compile(networks);
  return ({ device, board, version, client }) => {
    if (boardSet.size > 0 && !boardSet.has(board ?? '')) return `is not for board ${board ?? 'unknown'}`;
    if (deviceSet.size > 0 && !deviceSet.has(device ?? '')) return 'is for a list of devices, without this one';
    if (versionSet.size > 0 && !versionSet.has(version ?? ''))
      return `is not for what runs ${version ?? 'an unknown version'}`;
    if (isFrom !== null && !isFrom(client)) return `is not for ${client}`;
    return null;
  };
}

type Find = (board: string, version: string) => StoredImage | undefined;

function judge(
  rollout: Rollout,
  device: RolloutDevice,
  offered: string | null,
  nowMs: number,
  find: Find,
): RolloutVerdict | null {
  const { name, action, percent } = rollout;
  // Nobody is hashed for a rollout that is for all.
  const share = percent >= 100 && rollout.waves === null ? 0 : shareOf(name, device.device);
  const hold = (why: string): RolloutVerdict => ({ action: 'hold', rollout: name, why: `rollout ${name} ${why}` });
  if (action === 'hold' && rollout.targets === null) return share < percent / 100 ? hold('holds it back') : null;
  const wanted = wantedOf(rollout, device, offered);
  if (wanted.kind === 'not-mine') return null;
  if (rollout.held) return hold('is held by command');
  if (wanted.kind === 'nothing') return { action: 'pass', rollout: name, why: `rollout ${name}: ${wanted.why}` };
  if (wanted.kind === 'other') return hold(wanted.why);
  const { version } = wanted;
  const stop = rollout.stops.find((one) => one.board === (device.board ?? '') && one.version === version);
  if (stop !== undefined) return hold(`has stopped for board ${stop.board}: ${stop.why}`);
  const verdict = wanted.stored ? send(rollout, device, version, find) : pass(name, version);
  if (verdict.action === 'hold') return verdict;
  if (share >= percent / 100) return hold(`is for ${percent} % of the devices, without this one`);
  return inWave(rollout, share, nowMs, verdict);
}

type Wanted =
  | { kind: 'version'; version: string; stored: boolean }
  | { kind: 'other'; why: string }
  | { kind: 'nothing'; why: string }
  | { kind: 'not-mine' };

/** What the rollout wants this device to have. */
function wantedOf(rollout: Rollout, { board, version }: RolloutDevice, offered: string | null): Wanted {
  const { action, targets, below } = rollout;
  if (targets !== null) {
    const target = Object.hasOwn(targets, board ?? '') ? targets[board ?? ''] : undefined;
    if (target !== undefined) return { kind: 'version', version: target, stored: true };
    return { kind: 'other', why: 'was rolled back, and knows no version for this board' };
  }
  if (action === 'pin' && rollout.version !== null) return { kind: 'version', version: rollout.version, stored: true };
  if (action === 'via' && rollout.version !== null && below !== null) {
    const older = (than: string): boolean =>
      version !== null && isSafeVersion(version) && compareVersions(version, than) < 0;
    if (!older(below) || !older(rollout.version)) return { kind: 'not-mine' };
    return { kind: 'version', version: rollout.version, stored: true };
  }
  if (offered === null) return { kind: 'nothing', why: 'the upstream offers nothing' };
  if (rollout.version !== null && rollout.version !== offered)
    return { kind: 'other', why: `lets ${rollout.version} through, not ${offered}` };
  return { kind: 'version', version: offered, stored: false };
}

function pass(name: string, version: string): RolloutVerdict {
  return { action: 'pass', rollout: name, why: `rollout ${name} lets ${version} through` };
}

/** An image of the store, as long as the device runs another version or another build than it holds. */
function send({ name }: Rollout, device: RolloutDevice, version: string, find: Find): RolloutVerdict {
  const hold = (why: string): RolloutVerdict => ({ action: 'hold', rollout: name, why: `rollout ${name} ${why}` });
  const image = device.board === null ? undefined : find(device.board, version);
  if (image === undefined)
    return hold(
      `wants ${version}, which the store does not have for board ${device.board ?? 'unknown'}: \`otagate firmware list\``,
    );
  const sameBuild = device.elfSha256 === null || device.elfSha256 === image.app.elfSha256;
  // Else a device would take the same image at every boot.
  if (device.version === version && sameBuild) return hold(`wants ${version}, which the device runs already`);
  const newer =
    device.version !== null && isSafeVersion(device.version) && compareVersions(version, device.version) > 0;
  return {
    action: 'send',
    rollout: name,
    image,
    forced: !newer,
    why: `rollout ${name} sends ${version} from the store`,
  };
}

function inWave(
  { name, waves, startedMs }: Rollout,
  share: number,
  nowMs: number,
  next: RolloutVerdict,
): RolloutVerdict {
  if (waves === null) return next;
  const wave = Math.max(0, Math.floor((nowMs - startedMs) / waves.pauseMs));
  const nextMs = startedMs + (wave + 1) * waves.pauseMs;
  const later = `rollout ${name} is in wave ${wave + 1}, without this device; the next begins ${new Date(nextMs).toISOString()}`;
  const { size } = waves;
  if ('devices' in size) return { action: 'admit', rollout: name, limit: (wave + 1) * size.devices, next, why: later };
  return share < ((wave + 1) * size.percent) / 100 ? next : { action: 'hold', rollout: name, why: later };
}

/** Where a device stands in a rollout, from 0 to 1: the same on every machine, and another one in every rollout. */
export function shareOf(rollout: string, device: string | null): number {
  return (
    createHash('sha256')
      .update(`${rollout}\0${device ?? ''}`)
      .digest()
      .readUInt32BE(0) /
    2 ** 32
  );
}
