// Challenge records by a program: real processes, called as lego calls them.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dnsProvider } from '../../../src/tls/dns/provider.ts';
import { until } from '../../rig/bounded.ts';
import { gateError } from './api-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'otagate-exec-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const record = { name: '_acme-challenge.ota.example.com', value: '-x; $(touch gotcha) "y"' };
const signal = AbortSignal.timeout(30_000);
let count = 0;

/** A shell script with this body; `$HERE` is the test's folder. */
function script(body: string): string {
  count += 1;
  const file = join(folder, `program-${count}`);
  writeFileSync(file, `#!/bin/sh\nHERE='${folder}'\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

const exec = (program: string, timeoutMs = 10_000) => dnsProvider({ provider: 'exec', program, timeoutMs });

test('hands over action, name with its dot, and value, each as one argument', async () => {
  const program = script(`printf '%s\\n' "$#" "$@" >> "$HERE/called"`);
  await exec(program).present(record, signal);
  await exec(program).cleanup(record, signal);
  const lines = readFileSync(join(folder, 'called'), 'utf8').trimEnd().split('\n');
  const name = '_acme-challenge.ota.example.com.';
  assert.deepEqual(lines, ['3', 'present', name, record.value, '3', 'cleanup', name, record.value]);
});

test('a failure carries the code and the last line of stderr, printable', async () => {
  const program = script(`echo first >&2; printf 'no such \\033[31mzone\\n\\n' >&2; exit 3`);
  const error = await gateError(exec(program).present(record, signal), 'DNS_FAILED', []);
  assert.match(
    error.message,
    /exec: TXT _acme-challenge\.ota\.example\.com: `.*present` ended with code 3: "no such \\x1b\[31mzone"/,
  );
  const silent = await gateError(exec(script('exit 1')).present(record, signal), 'DNS_FAILED', []);
  assert.match(silent.message, /code 1: it said nothing on stderr/);
});

test('a program that says a lot is neither held up nor kept', async () => {
  const program = script(
    'head -c 3000000 /dev/zero | tr "\\0" x >&2; head -c 3000000 /dev/zero; echo >&2; echo end >&2; exit 1',
  );
  const error = await gateError(exec(program).present(record, signal), 'DNS_FAILED', []);
  assert.match(error.message, /code 1: "end"/);
  await exec(script('head -c 3000000 /dev/zero >&2')).present(record, signal);
});

test('a program that does not end is killed, with what it has started', async () => {
  const program = script('sh -c \'sleep 3; touch "$0/late"\' "$HERE" & sleep 30');
  const started = performance.now();
  const error = await gateError(exec(program, 300).present(record, signal), 'DNS_TIMEOUT', []);
  assert.ok(performance.now() - started < 2_500);
  assert.match(error.message, /did not end within 0\.3 s and was killed/);
  await sleep(3_000);
  assert.ok(!existsSync(join(folder, 'late')));
});

test('one that leaves a process behind is not waited for', async () => {
  const started = performance.now();
  await exec(script('sleep 5 & exit 0')).present(record, signal);
  assert.ok(performance.now() - started < 4_000);
});

test('an abort ends it', async () => {
  const program = script('touch "$HERE/running"; sleep 30');
  const abort = new AbortController();
  const reason = new Error('stop');
  const call = exec(program).present(record, abort.signal);
  call.catch(() => {});
  await until('the program runs', () => existsSync(join(folder, 'running')));
  abort.abort(reason);
  await assert.rejects(call, (error) => error === reason);
});

test('what cannot be started is said so', async () => {
  const missing = await gateError(exec(join(folder, 'missing')).present(record, signal), 'DNS_FAILED', []);
  assert.match(missing.message, /cannot be started \(ENOENT\)/);
  const plain = script('');
  chmodSync(plain, 0o644);
  const error = await gateError(exec(plain).present(record, signal), 'DNS_FAILED', []);
  assert.match(error.message, /cannot be started \(EACCES\)/);
});

test('calls take turns, also after one that failed', async () => {
  const program = script('mkdir "$HERE/busy" || exit 9; sleep 0.1; rmdir "$HERE/busy"; [ "$3" != bad ]');
  const config = { provider: 'exec', program, timeoutMs: 10_000 } as const;
  const calls = ['one', 'bad', 'two'].map((value) => dnsProvider(config).present({ ...record, value }, signal));
  const ends = await Promise.allSettled(calls);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
