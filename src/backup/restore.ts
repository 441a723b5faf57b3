// Owns putting a backup into its place: all of it, or nothing.
import { constants, existsSync, lstatSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../base/errors.ts';
import { stateDirIn } from '../config/state-dir.ts';
import { damaged, refused } from './backup-error.ts';
import { CONFIG, FILES, type Manifest, STATE } from './manifest.ts';
import { type Key, readBackup } from './read.ts';

export type Restored = {
  manifest: Manifest;
  stateDir: string;
  /** What was there before, where it lies now. */
  movedAside: string[];
  /** Files that the configuration names and that the backup does not hold. */
  missing: string[];
};

/**
 * Restores `file`: the configuration to `configFile` (absolute), the files that it names around it, the state into the
 * stateDir that it says. What is there already is refused, or moved aside with `replace`.
 * @throws {GateError} BACKUP_DAMAGED, BACKUP_REFUSED; everything is then as it was
 */
export async function restoreBackup(
  file: string,
  configFile: string,
  options: { key: Key; replace: boolean; nowMs: number; isRunning: (stateDir: string) => Promise<boolean> },
): Promise<Restored> {
  await mkdir(dirname(configFile), { recursive: true });
  const staging = await mkdtemp(join(dirname(configFile), '.otagate-restore-'));
  try {
    const manifest = await readBackup(file, staging, options.key);
    if (!manifest.entries.some(({ name }) => name === CONFIG)) throw damaged(file, 'it holds no configuration');
    const stateDir = stateDirIn(readFileSync(join(staging, CONFIG), 'utf8'), configFile);
    if (stateDir === null)
      throw refused(`the configuration in ${file} does not say where its state belongs (stateDir)`);
    if (await options.isRunning(stateDir)) throw refused(`a gate runs on ${stateDir}: stop it first`);
    const stamp = new Date(options.nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const steps = new Steps();
    const movedAside: string[] = [];
    try {
      const state = await stateBeside(staging, stateDir, steps);
      const moves = [...plainMoves(staging, configFile, manifest), ...state];
      for (const { to } of moves) refuseLinks(dirname(dirname(configFile)), to);
      const inTheWay = await thingsInTheWay(moves, stateDir);
      if (inTheWay.length > 0 && !options.replace) {
        const are = inTheWay.length === 1 ? 'is' : 'are';
        throw refused(`${firstOf(inTheWay)} ${are} there already: --replace moves what is there aside`);
      }
      for (const place of inTheWay) movedAside.push(...(await moveAside(place, stateDir, stamp, steps)));
      for (const { from, to } of moves) await steps.move(from, to);
    } catch (error) {
      await steps.takeBack();
      throw error;
    }
    await rm(join(stateDir, STAGED), { recursive: true, force: true });
    const missing = manifest.files.filter(({ entry }) => entry === null).map(({ written }) => written);
    return { manifest, stateDir, movedAside, missing };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

type Move = { from: string; to: string };

/** Where the state lies until everything is in its place: in stateDir itself, which may be a disk of its own. */
const STAGED = '.otagate-restore';
/** What was in stateDir before a restore. */
const BEFORE = /^before-restore-\d{8}T\d{6}Z$/;

/** Renames, and the way back. */
class Steps {
  readonly #undo: (() => Promise<void>)[] = [];

  async move(from: string, to: string): Promise<void> {
    await this.makeFolder(dirname(to));
    try {
      await rename(from, to);
    } catch (error) {
      if (errorCode(error) !== 'EXDEV') throw error;
      // Another disk: copied beside its place first, so that the last step is a rename all the same.
      const beside = `${to}${STAGED}`;
      this.#undo.push(() => rm(beside, { recursive: true, force: true }));
      await cp(from, beside, { recursive: true });
      await rename(beside, to);
    }
    this.#undo.push(() => rename(to, from).catch(() => rm(to, { recursive: true, force: true })));
  }

  async makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first !== undefined) this.#undo.push(() => rm(first, { recursive: true, force: true }));
  }

  onTakeBack(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  async takeBack(): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo().catch(() => {});
  }
}

function plainMoves(staging: string, configFile: string, { entries }: Manifest): Move[] {
  const base = dirname(dirname(configFile));
  const files = entries.filter(({ name }) => name.startsWith(FILES));
  return [
    { from: join(staging, CONFIG), to: configFile },
    ...files.map(({ name }) => ({ from: join(staging, name), to: join(base, name.slice(FILES.length)) })),
  ];
}

/** Brings the state to the disk that it belongs on, beside its place; gives the moves that are left. */
async function stateBeside(staging: string, stateDir: string, steps: Steps): Promise<Move[]> {
  const unpacked = join(staging, STATE);
  if (!existsSync(unpacked)) return [];
  await steps.makeFolder(stateDir);
  const staged = join(stateDir, STAGED);
  await rm(staged, { recursive: true, force: true });
  steps.onTakeBack(() => rm(staged, { recursive: true, force: true }));
  try {
    await rename(unpacked, staged);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    await cp(unpacked, staged, { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
  return (await readdir(staged)).map((name) => ({ from: join(staged, name), to: join(stateDir, name) }));
}

/** A link on the way would lead out of the folders that are written to. */
function refuseLinks(base: string, to: string): void {
  const within = base.endsWith('/') ? base : `${base}/`;
  for (let at = to; at.startsWith(within) && at !== base; at = dirname(at)) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() === true) throw refused(`${at} is a symbolic link: nothing is restored through it`);
  }
}

/** Some of them by name, the last one among them: that is stateDir, where it is in the way. */
function firstOf(places: readonly string[]): string {
  if (places.length <= 10) return places.join(', ');
  return [...places.slice(0, 8), `${places.length - 9} more`, ...places.slice(-1)].join(', ');
}

/** Files that would be written over, and stateDir where anything is in it. */
async function thingsInTheWay(moves: Move[], stateDir: string): Promise<string[]> {
  const files = moves.map(({ to }) => to).filter((to) => dirname(to) !== stateDir && existsSync(to));
  return (await contentsOf(stateDir)).length > 0 ? [...files, stateDir] : files;
}

/** Of an earlier restore nothing is in the way. */
async function contentsOf(stateDir: string): Promise<string[]> {
  if (!existsSync(stateDir)) return [];
  return (await readdir(stateDir)).filter((name) => name !== STAGED && !BEFORE.test(name));
}

async function moveAside(place: string, stateDir: string, stamp: string, steps: Steps): Promise<string[]> {
  if (place !== stateDir) {
    const aside = `${place}.before-restore-${stamp}`;
    await steps.move(place, aside);
    return [aside];
  }
  const aside = join(stateDir, `before-restore-${stamp}`);
  for (const name of await contentsOf(stateDir)) await steps.move(join(stateDir, name), join(aside, name));
  return [aside];
}
