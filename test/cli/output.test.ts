// Which stream says what, in which colours: as a program and as a terminal see it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasColours, paintFor } from '../../src/cli/paint.ts';
import { ProgressBar } from '../../src/cli/progress-bar.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { configFor, Kept } from './command-line.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const COLOUR = /\u001b\[/;

/** What the real command prints, with exactly this in its environment beside what it needs. */
async function printed(args: string[], env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child, 'close');
  return { stdout, stderr };
}

test('colours only where they are seen or asked for, and never in JSON', async (t: TestContext) => {
  const config = configFor(t);
  const check = ['check', '-c', config];
  const [plain, forced, refused, json, wrong, help] = await Promise.all([
    printed(check, {}),
    printed(check, { FORCE_COLOR: '1' }),
    printed(check, { NO_COLOR: '1' }),
    printed([...check, '--json'], { FORCE_COLOR: '1' }),
    printed(['frobnicate'], { FORCE_COLOR: '1' }),
    printed(['open', '--help'], { FORCE_COLOR: '1' }),
  ]);
  assert.doesNotMatch(plain.stdout, COLOUR);
  assert.match(forced.stdout, COLOUR);
  assert.doesNotMatch(refused.stdout, COLOUR);
  assert.doesNotMatch(json.stdout, COLOUR);
  assert.match(wrong.stderr, /^\u001b\[31merror: \u001b\[39mthere is no command frobnicate/);
  assert.match(help.stdout, /^\u001b\[1mUsage:\u001b\[22m otagate open <route>/);
});

test('a terminal that knows colours gets them, another does not', () => {
  const terminal = (depth: number) => ({ isTTY: true, getColorDepth: () => depth });
  const stream = (as: object): NodeJS.WritableStream => Object.assign(new Kept(), as);
  assert.equal(hasColours(stream(terminal(24))), true);
  assert.equal(hasColours(stream(terminal(1))), false);
  assert.equal(hasColours(stream({ isTTY: false })), false);
  assert.equal(paintFor(false).bad('x'), 'x');
  assert.equal(paintFor(true).bad(''), '', 'nothing has no colour');
});

test('what JSON leaves as it is and a terminal obeys is written as an escape', () => {
  const stdout = new Kept();
  const value = { a: 'C1 \u009b31m, bidi \u202e, \u007f, line \u2028, 已升级' };
  new Terminal({ stdout, stderr: new Kept(), env: {}, now: () => 0 }).printJson(value);
  const { text } = stdout;
  assert.doesNotMatch(text, /[\u007f-\u009f\u2028\u202e]/);
  assert.match(text, /\\u009b31m.*已升级/);
  assert.deepEqual(JSON.parse(text), value);
});

test('a progress bar is drawn on a terminal alone, and taken away again', () => {
  const stderr = new Kept();
  const silent = new ProgressBar('add', stderr);
  silent.show(1, 2);
  silent.clear();
  assert.equal(stderr.text, '');
  const bar = new ProgressBar('add', Object.assign(stderr, { isTTY: true }));
  bar.show(1_500_000, 3_000_000);
  assert.equal(stderr.text, `\radd [${'='.repeat(15)}${' '.repeat(15)}] 1.5 MB 50 %\u001b[K`);
  bar.clear();
  assert.match(stderr.text, /\r\u001b\[K$/);
});

test('whoever reads only the beginning ends the command, without a word', async (t: TestContext) => {
  const config = configFor(t);
  const child = spawn(process.execPath, [MAIN, 'check', '--print', '-c', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  assert.deepEqual([code, stderr], [0, '']);
});
