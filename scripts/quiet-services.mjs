// Keeps Debian from starting the daemons of packages that are being installed: a test starts its own, on its own port.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

// invoke-rc.d and deb-systemd-invoke ask this program before each action; 101 is "forbidden".
const POLICY = '/usr/sbin/policy-rc.d';
const MARK = '# Put here for a moment by the tests of otagate, process ';
const LONGEST_WAIT_MS = 10 * 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs `work` while no service may start, and then puts back what was there: after a failure and a signal too. `work`
 * gets an AbortSignal that a signal to this process sets off, and must not resolve before its own processes are gone.
 */
export async function withoutServices(services, work, policy = POLICY) {
  await othersDone(policy);
  const saved = `${policy}.before-otagate`;
  if (!isOurs(policy)) {
    if (denies(policy, services)) return work(new AbortController().signal);
    if (existsSync(policy)) renameSync(policy, saved);
  }
  const abort = new AbortController();
  const caught = [];
  const onSignal = (signal) => {
    caught.push(signal);
    abort.abort();
  };
  const restore = () => {
    if (existsSync(saved)) renameSync(saved, policy);
    else rmSync(policy, { force: true });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('exit', restore);
  try {
    writeFileSync(policy, `#!/bin/sh\n${MARK}${process.pid}\nexit 101\n`);
    chmodSync(policy, 0o755);
    return await work(abort.signal);
  } finally {
    restore();
    process.off('exit', restore);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    // As if it had never been caught.
    if (caught[0] !== undefined) process.kill(process.pid, caught[0]);
  }
}

function denies(policy, services) {
  return existsSync(policy) && services.every((service) => spawnSync(policy, [service, 'start']).status === 101);
}

/** Ours, of a run that was killed before it could clean up: taken over, and removed at the end. */
function isOurs(policy) {
  return existsSync(policy) && readFileSync(policy, 'utf8').includes(MARK);
}

async function othersDone(policy) {
  for (const end = Date.now() + LONGEST_WAIT_MS; Date.now() < end; await pause(500)) {
    const owner = isOurs(policy) ? Number(readFileSync(policy, 'utf8').split(MARK)[1]?.split('\n')[0]) : 0;
    if (owner === 0 || owner === process.pid || !isAlive(owner)) return;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
