// The comparison is told as it is: its page names every scenario, and a load whose replies are wrong is no measurement.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { faultIn } from '../../bench/rig/h2load.ts';
import { scenarios } from '../../bench/scenarios/all.ts';

const page = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8');
const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

test('every scenario and program is in the list and on the page, once', () => {
  const { status, stdout } = spawnSync(process.execPath, [main, 'list'], { encoding: 'utf8', timeout: 30_000 });
  assert.equal(status, 0);
  const listed = [...stdout.matchAll(/^ {2}([a-z0-9-]+) /gm)].map(([, name = '']) => name);
  assert.equal(new Set(listed).size, listed.length);
  for (const { name } of scenarios) assert.ok(listed.includes(name), name);
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  for (const name of listed.filter((one) => one !== 'all')) {
    const naming = rows.filter((row) => row.split('|')[1]?.includes(`\`${name}\``));
    assert.equal(naming.length, 1, `${name} is in ${naming.length} rows of bench/README.md`);
  }
});

test('a name that is none is refused', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, 'nothing'], { encoding: 'utf8', timeout: 30_000 });
  assert.equal(status, 2);
  assert.match(stderr, /^no scenario or program is called nothing\n/);
});

const SAID = `Application protocol: h2
progress: 100% done

finished in 9.29ms, 6459.70 req/s, 398.96MB/s
requests: 60 total, 60 started, 60 done, 60 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 60 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 3.71MB (3885732) total, 2.06KB (2112) headers (space savings 82.20%), 3.70MB (3882200) data
`;

for (const [what, from, to, fault] of [
  ['all is well', '', '', null],
  ['a status', '60 2xx, 0 3xx, 0 4xx', '59 2xx, 0 3xx, 1 4xx', '59 of 60 answers are 2xx'],
  ['one that never came', '60 succeeded, 0 failed', '59 succeeded, 1 failed', '59 of 60 requests succeeded'],
  ['a short body', '(3882200) data', '(3882199) data', '3882199 bytes of bodies, not 3882200'],
  ['another protocol', 'protocol: h2', 'protocol: http/1.1', 'the protocol is http/1.1'],
  ['nothing at all', SAID, '', 'the protocol is none'],
] as const)
  test(`h2load says: ${what}`, () => assert.equal(faultIn(SAID.replace(from, to), 60, 3_882_200), fault));
