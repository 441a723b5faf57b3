// The image: what its Dockerfile must and must not do. Read, not built: building takes Docker and a registry.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execForm, isIgnored, readCopy, readInstructions, readStages, type Stage } from './dockerfile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const stages = readStages(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const dockerignore = readFileSync(join(root, '.dockerignore'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  engines: { node: string };
  bin: { otagate: string };
};
const last: Stage = stages.at(-1) ?? { name: '', from: '', instructions: [] };

function valuesOf(stage: Stage | undefined, name: string): string[] {
  return stage?.instructions.filter((instruction) => instruction.name === name).map(({ value }) => value) ?? [];
}

function commandOf(name: string): string[] {
  const value = valuesOf(last, name).at(-1) ?? '';
  const words = execForm(name === 'HEALTHCHECK' ? value.replace(/^.*?\bCMD\s+/, '') : value);
  assert.ok(words, `${name} is in exec form, so that signals reach the process and not a shell: ${value}`);
  return words;
}

test('every stage starts from the slim image of the Node that package.json asks for', () => {
  const major = /\d+/.exec(manifest.engines.node)?.[0];
  assert.deepEqual([...new Set(stages.map(({ from }) => from))], [`node:${major}-slim`]);
});

test('the gate does not run as root, and the user is a number', () => {
  assert.match(valuesOf(last, 'USER').at(-1) ?? 'root', /^[1-9]\d*(:[1-9]\d*)?$/);
  const names = last.instructions.map(({ name }) => name);
  assert.ok(names.lastIndexOf('RUN') < names.lastIndexOf('USER'), 'what root does comes before');
});

test('nothing is fetched by ADD', () => {
  assert.deepEqual(
    stages.flatMap((stage) => valuesOf(stage, 'ADD')),
    [],
  );
});

test('entry point, command and health check are in exec form and run the program of package.json', () => {
  const program = `/app/${manifest.bin.otagate}`;
  assert.deepEqual(commandOf('ENTRYPOINT'), ['node', program]);
  assert.deepEqual(commandOf('CMD'), ['serve', '-c', '/config/otagate.yaml']);
  assert.deepEqual(commandOf('HEALTHCHECK'), ['node', program, 'status', '-c', '/config/otagate.yaml']);
  assert.deepEqual(valuesOf(last, 'WORKDIR'), ['/app']);
});

test('it stops by SIGTERM, and its state and configuration are volumes', () => {
  assert.deepEqual(valuesOf(last, 'STOPSIGNAL'), ['SIGTERM']);
  assert.deepEqual(commandOf('VOLUME'), ['/data', '/config']);
});

test('everything that is copied exists and is not kept out by .dockerignore', () => {
  for (const [index, stage] of stages.entries()) {
    for (const copy of valuesOf(stage, 'COPY').map(readCopy)) {
      if (copy.from !== null)
        assert.ok(
          stages.slice(0, index).some(({ name }) => name === copy.from),
          copy.from,
        );
      for (const source of copy.from === null ? copy.sources : []) {
        assert.ok(existsSync(join(root, source)), `COPY ${source}: there is no such file`);
        assert.ok(!isIgnored(source, dockerignore), `COPY ${source}: .dockerignore keeps it out`);
      }
    }
  }
});

test('keys, state, configuration and history stay out of the image', () => {
  const secrets = ['certs/a.key', 'config/otagate.yaml', 'data/state.sqlite', '.git/config', 'node_modules/a', '.env'];
  assert.deepEqual(
    secrets.filter((path) => !isIgnored(path, dockerignore)),
    [],
  );
});

test('the image has the packages of a run, and none for development', () => {
  const copies = valuesOf(last, 'COPY').map(readCopy);
  const origin = copies.find(({ sources }) => sources.some((source) => source.endsWith('/node_modules')))?.from;
  const installs = valuesOf(
    stages.find(({ name }) => name === origin),
    'RUN',
  ).filter((run) => run.includes('npm '));
  assert.ok(installs.length > 0, `the stage ${origin} installs them`);
  for (const run of installs) assert.match(run, /npm ci .*--omit=dev/);
  assert.deepEqual(
    valuesOf(last, 'RUN').filter((run) => run.includes('npm ')),
    [],
  );
  // The program asks package.json for its version, and Node asks it for the kind of module.
  assert.ok(copies.some(({ from, sources }) => from === null && sources.includes('package.json')));
});

test('install scripts stay off: the devDependency "node" would put another Node before the one of the image', () => {
  const installs = stages.flatMap((stage) => valuesOf(stage, 'RUN')).filter((run) => run.includes('npm ci'));
  for (const run of installs) assert.match(run, /--ignore-scripts/);
  const build = stages.find((stage) => valuesOf(stage, 'RUN').includes('npm run build'));
  assert.match(valuesOf(build, 'RUN').join('\n'), /ln -sfn "\$\(command -v node\)" node_modules\/\.bin\/node/);
});

test('a Dockerfile is read with its continued lines, comments and stages', () => {
  const text = '# a\nFROM a AS b\nRUN x \\\n  # in between\n  --y\ncopy --from=b /c /d ./\nFROM e\n';
  assert.deepEqual(readInstructions(text)[1], { line: 3, name: 'RUN', value: 'x --y' });
  assert.deepEqual(
    readStages(text).map(({ name, from }) => [name, from]),
    [
      ['b', 'a'],
      ['1', 'e'],
    ],
  );
  assert.deepEqual(readCopy('--from=b /c /d ./'), { from: 'b', sources: ['/c', '/d'] });
  assert.equal(execForm('node main.js'), null);
});

test('a .dockerignore is read as Docker does: the last fitting pattern decides', () => {
  const rules = '*\n# a\n!src\nsrc/**/*.key\n!package.json';
  const kept = ['src', 'src/a/b.ts', 'package.json'];
  assert.deepEqual(
    [...kept, 'src/a/b.key', 'src/b.key', 'srcs', 'a/package.json'].filter((path) => !isIgnored(path, rules)),
    kept,
  );
});
