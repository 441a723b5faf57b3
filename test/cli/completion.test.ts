// Completion as the shells do it: bash always; zsh and fish where they are installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findBinary } from '../../scripts/peers.mjs';
import { adminFor, OPENING, otagate } from './command-line.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const CONFIG = `domain: ota.test
stateDir: ./state
upstream: { preset: xiaozhi-full, host: 192.168.1.5 }
routes:
  - { name: batch-2, path: /batch/, upstream: console, role: firmware }
  - { name: '$(touch owned)', path: /x/, upstream: console, role: firmware }
`;

/** A line up to the cursor, and what may follow. */
const LINES: [line: string, words: string[]][] = [
  ['otagate st', ['status']],
  ['otagate certs ', ['list', 'renew', 'root']],
  ['otagate -c other.yaml firmware un', ['unpin']],
  ['otagate open -c otagate.yaml ', ['batch-2', 'firmware', 'ota']],
  ['otagate -c otagate.yaml open f', ['firmware']],
  ['otagate --config=otagate.yaml open b', ['batch-2']],
  ['otagate open ota --aft', ['--after-devices']],
  ['otagate open ota --for ', []],
  ['otagate devices --state up', ['up-to-date', 'upgraded']],
  ['otagate completion z', ['zsh']],
  ['otagate firmware add otagate.y', ['otagate.yaml']],
  ['otagate firmware extract -o otagate.y', ['otagate.yaml']],
  ['otagate help to', ['token']],
  ['otagate close -c nowhere.yaml ', []],
  ['otagate open -c faulty.yaml ', ['firmware', 'ota']],
  ['otagate open -c broken.yaml ', []],
  ['otagate frobnicate ', []],
];

const folder = mkdtempSync(join(tmpdir(), 'otagate-test-'));
const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, LC_ALL: 'C.UTF-8' };

before(() => {
  writeFileSync(join(folder, 'otagate.yaml'), CONFIG);
  writeFileSync(join(folder, 'faulty.yaml'), `${CONFIG.slice(0, CONFIG.indexOf('routes:'))}domian: x\nlimits: 5\n`);
  writeFileSync(join(folder, 'broken.yaml'), 'upstream: {');
  writeFileSync(join(folder, 'otagate'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(join(folder, 'otagate'), 0o755);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function shell(name: string, args: string[], input = ''): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(name, args, { cwd: folder, env, input, encoding: 'utf8', timeout: 60_000 });
}

function here(name: 'zsh' | 'fish') {
  return { skip: findBinary(name) === null ? `${name} is not installed (apt-get install ${name})` : false };
}

/** What a shell printed of each line: `> line`, then what may follow, one a line. */
function assertCompleted(stdout: string, lines: readonly [string, string[]][] = LINES): void {
  const answers = new Map(
    stdout.split('\n> ').map((part) => {
      const [line = '', ...words] = part.replace(/^> /, '').trimEnd().split('\n');
      return [line.trimEnd(), words.sort()];
    }),
  );
  for (const [line, words] of lines) assert.deepEqual(answers.get(line.trimEnd()), words, line);
}

test('bash', () => {
  // As bash has it: `=` is a word of its own, and what is not begun yet is an empty one.
  const tries = LINES.map(([line]) => {
    const words = line.replaceAll('=', ' = ').split(' ');
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _otagate; echo '> ${line}'; printf '%s\\n' "\${COMPREPLY[@]}"`;
  });
  const script = `set -u; eval "$(otagate completion bash)"\n${tries.join('\n')}\ncomplete -p otagate >&2`;
  const { stdout, stderr } = shell('bash', ['--norc', '--noprofile'], script);
  assert.equal(stderr, 'complete -F _otagate otagate\n', 'nothing is said while somebody types');
  assertCompleted(stdout);
  assert.ok(!existsSync(join(folder, 'owned')), 'a name of a route is no command');
});

test('fish', here('fish'), () => {
  const tries = LINES.map(([line]) => `echo '> ${line}'; complete -C '${line}' | string replace -r '\\t.*' ''`);
  const script = `otagate completion fish | source\n${tries.join('\n')}`;
  const { stdout, stderr } = shell('fish', ['--no-config', '-c', script]);
  assert.equal(stderr, '');
  assertCompleted(stdout);
});

test('zsh', here('zsh'), async () => {
  writeFileSync(join(folder, '_otagate'), (await otagate(['completion', 'zsh'])).stdout);
  writeFileSync(join(folder, 'inner.zsh'), ZSH_INNER);
  writeFileSync(join(folder, 'outer.zsh'), ZSH_OUTER);
  // Each line takes a shell of its own, with a terminal: those that are special here alone.
  const lines = LINES.filter(([line]) => /state|open -c ot|config=|certs|-o|after|extract|close/.test(line));
  const { stdout } = shell('zsh', ['-f', 'outer.zsh', ...lines.map(([line]) => line)]);
  assertCompleted(stdout, lines);
});

test('names come from the gate where only it knows them', async (t) => {
  const { config } = await adminFor(t, { openings: () => [OPENING, { ...OPENING, id: 'open-2', route: 'firmware' }] });
  const names = async (kind: string, file = config) => otagate(['complete-names', kind, '-c', file]);
  assert.deepEqual(await names('openings'), { code: 0, stdout: 'ota\nfirmware\nopen-1\nopen-2\n', stderr: '' });
  assert.deepEqual(await names('images'), { code: 0, stdout: 'aaaaaaaaaaaa\n', stderr: '' });
  for (const kind of ['openings', 'images', 'routes', 'constructor'])
    assert.deepEqual(await names(kind, '/nowhere.yaml'), { code: 0, stdout: '', stderr: '' }, kind);
});

// A shell within a terminal of its own; what would be added as a match is printed instead.
const ZSH_INNER = `PROMPT=
autoload -U compinit
compinit -u -D
source ./_otagate
bindkey '^I' complete-word
begin() { print -r - '<<<' }
finish() { print -r - '>>>'; exit }
compprefuncs=(begin)
comppostfuncs=(finish)
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  local hit
  builtin compadd -A hits "$@"
  for hit in $hits; do print -r - "= $hit"; done
}
print -r ready
`;
const ZSH_OUTER = `zmodload zsh/zpty
for line in "$@"; do
  zpty inner zsh -f -i
  zpty -w inner 'source ./inner.zsh'
  zpty -r inner out '*ready*'
  zpty -n -w inner "$line"$'\\t'
  zpty -r inner out '*>>>*'
  print -r - "> $line"
  for match in \${(M)\${(f)\${out//$'\\r'/}}:#= *}; do print -r - "\${match#= }"; done
  zpty -d inner
done
`;
