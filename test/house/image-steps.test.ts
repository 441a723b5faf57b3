// The image's build, step by step as the Dockerfile says, in empty folders in place of containers; what comes of it
// starts as its user and answers. No engine is needed for that, and what it would add is not looked at.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { within } from '../rig/bounded.ts';
import { execForm, isIgnored, readCopy, readStages, type Stage } from './dockerfile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dockerignore = readFileSync(join(root, '.dockerignore'), 'utf8');
const stages = readStages(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const USER = 1000;
const LONGEST_MS = 100_000;

// The packages of the build are those of this clone, by hard links: `npm ci` would bring the same, and take a minute.
const WHOLE_INSTALL = /^npm ci --ignore-scripts --no-audit --no-fund\b/;

test('the steps of the Dockerfile make a gate that starts as its user, and answers', async (t) => {
  const base = mkdtempSync(join(tmpdir(), 'otagate-image-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  chmodSync(base, 0o755);
  const folderOf = (name: string): string => join(base, name);
  const [last] = stages.slice(-1);
  assert.ok(last);
  await Promise.all(stages.filter((stage) => stage !== last).map((stage) => runStage(stage, folderOf)));
  await runStage(last, folderOf);

  const app = join(folderOf(last.name), 'app');
  const [config, data] = [join(base, 'config'), join(base, 'data')];
  for (const folder of [config, data]) mkdirSync(folder);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(data, USER, USER);
  const file = join(config, 'otagate.yaml');
  const listen = 'listen: { http: "127.0.0.1:0", https: "127.0.0.1:0", admin: "127.0.0.1:0" }';
  const upstream = 'upstream: { preset: xiaozhi-full, host: 127.0.0.1 }';
  writeFileSync(file, `domain: ota.test\n${listen}\n${upstream}\nworkers: 1\nlog: { format: json }\n`);

  const command = (name: string): string[] =>
    (execForm((lastOf(last, name) ?? '').replace(/^.*?\bCMD\s+/, '')) ?? []).map((word) =>
      word.replace(/^\/app/, app).replace('/config/otagate.yaml', file),
    );
  const as = { cwd: app, env: { PATH: process.env.PATH }, ...(isRoot ? { uid: USER, gid: USER } : {}) };
  const [, ...words] = [...command('ENTRYPOINT'), ...command('CMD')];
  const gate = spawn(process.execPath, words, { ...as, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => void gate.kill('SIGKILL'));
  let said = '';
  gate.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const admin = new Promise<string>((resolve, reject) => {
    createInterface({ input: gate.stdout }).on('line', (line) => {
      said += `${line}\n`;
      const { event, at } = JSON.parse(line) as { event?: string; at?: string };
      if (event === 'admin') resolve(String(at));
    });
    gate.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${said}`)));
  });
  const origin = new URL(await within('the gate', admin, 30_000)).origin;
  assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  assert.match(await (await fetch(origin)).text(), /<title>otagate/, 'the dashboard came along');
  const [, ...health] = command('HEALTHCHECK');
  const checked = spawnSync(process.execPath, health, { ...as, encoding: 'utf8' });
  assert.equal(checked.status, 0, checked.stderr);
  gate.kill(lastOf(last, 'STOPSIGNAL') as NodeJS.Signals);
  assert.deepEqual(await within('its end', once(gate, 'exit'), 20_000), [0, null]);
});

function lastOf({ instructions }: Stage, name: string): string | undefined {
  return instructions.filter((one) => one.name === name).at(-1)?.value;
}

/** COPY, RUN and WORKDIR of one stage, in a folder that stands for its `/`. */
async function runStage(stage: Stage, folderOf: (stage: string) => string): Promise<void> {
  const folder = folderOf(stage.name);
  let work = folder;
  for (const { name, value } of stage.instructions) {
    if (name === 'WORKDIR') {
      work = join(folder, value);
      mkdirSync(work, { recursive: true });
    } else if (name === 'COPY') copy(value, work, folderOf);
    else if (name === 'RUN' && !value.startsWith('install -d')) await run(value, work);
  }
}

function copy(value: string, work: string, folderOf: (stage: string) => string): void {
  const { from, sources } = readCopy(value);
  const to = value.split(/\s+/).at(-1) ?? '';
  const below = from === null ? root : folderOf(from);
  const filter = (path: string): boolean => from !== null || !isIgnored(relative(root, path), dockerignore);
  for (const source of sources) {
    const target = to.endsWith('/') ? join(work, to, basename(source)) : join(work, to);
    cpSync(join(below, source), target, { recursive: true, filter, verbatimSymlinks: true });
  }
}

async function run(line: string, cwd: string): Promise<void> {
  const linked = `cp -al ${join(root, 'node_modules')} node_modules 2>/dev/null || cp -a ${join(root, 'node_modules')} node_modules`;
  const shown = line.replace(WHOLE_INSTALL, `{ ${linked}; }`).replace(/\bnpm ci\b/, 'npm ci --prefer-offline');
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH };
  await promisify(execFile)('sh', ['-ec', shown], { cwd, env, timeout: LONGEST_MS });
}
