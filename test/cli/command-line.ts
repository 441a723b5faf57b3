// Owns runs of the command line within the test's own process, and a gate's real admin interface for it to ask.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { Cli, SpokenCommand } from '../../src/cli/command.ts';
import { type Language, wordsOf } from '../../src/cli/language.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { run } from '../../src/cli/run.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import type { OpeningStatus } from '../../src/control/admin/opening-schemas.ts';
import { type AdminRig, type RigOptions, startAdminRig } from '../rig/admin.ts';

export type Ran = { code: number; stdout: string; stderr: string };
export type RunOptions = { language?: Language; nowMs?: number; columns?: number };

// The test runner sets it for files that it runs on a terminal, and Node takes it before anything else.
delete process.env.FORCE_COLOR;
delete process.env.NO_COLOR;

export const LOCALES: Readonly<Record<Language, string>> = { en: 'C.UTF-8', zh: 'zh_CN.UTF-8' };

export const OPENING: OpeningStatus = {
  id: 'open-1',
  route: 'ota',
  from: [],
  openedMs: 1,
  startMs: null,
  untilMs: 2,
  reason: '',
  declared: false,
  openedBy: 'page',
  closeAfter: { devices: null, idleMs: null },
  uses: 0,
  devices: 0,
  upgraded: 0,
};

/** Runs `otagate` with these arguments. */
export async function otagate(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [stdout, stderr] = [new Kept(options.columns), new Kept(options.columns)];
  const env = { LC_ALL: LOCALES[options.language ?? 'en'] };
  const code = await run(args, { stdout, stderr, env, now: () => options.nowMs ?? Date.now() });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** The tree of commands, as nobody has used it yet. */
export async function programIn(language: Language): Promise<SpokenCommand> {
  const [stdout, stderr] = [new Kept(undefined), new Kept(undefined)];
  const terminal = new Terminal({ stdout, stderr, env: {}, now: () => 0 });
  const cli: Cli = { terminal, words: await wordsOf(language), reading: null, exitCode: 0 };
  return buildProgram(cli);
}

/** A configuration whose gate does not run. */
export function configFor(t: Pick<TestContext, 'after'>, stateDir = './state', more = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'otagate.yaml');
  writeFileSync(
    file,
    `domain: ota.test\nstateDir: ${stateDir}\nupstream: { preset: xiaozhi-full, host: 192.168.1.5 }\n${more}`,
  );
  return file;
}

/** The admin interface with stand-ins for the gate behind it, and the configuration that leads there. */
export async function adminFor(
  t: Pick<TestContext, 'after'>,
  actions: NonNullable<RigOptions['actions']> = {},
): Promise<{ rig: AdminRig; config: string }> {
  const rig = await startAdminRig({ actions });
  t.after(() => rig.stop());
  return { rig, config: configFor(t, rig.folder) };
}

/** A stream that keeps what is written to it, and is no terminal. */
export class Kept extends Writable {
  text = '';
  readonly columns: number;

  constructor(columns = 80) {
    super();
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
