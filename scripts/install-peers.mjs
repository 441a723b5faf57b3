// Installs the peers that tests need, where that can be done without asking: as root on Debian.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findBinary, installLine, missingPeers } from './peers.mjs';
import { withoutServices } from './quiet-services.mjs';

const LONGEST_MS = 15 * 60_000;
// Another apt may be at work: wait for its lock rather than fail.
const OPTIONS = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];

/** Installs what is missing, if it can. Gives back the peers that are missing still. */
export async function installPeers() {
  const missing = missingPeers();
  if (missing.length === 0) return [];
  console.error(`Tests need these, and they are not here:\n${missing.map(describe).join('\n')}`);
  if (!canInstall()) {
    console.error(`On Debian and its kin this brings them:\n  sudo ${installLine(missing)}\n`);
    return missing;
  }
  const packages = missing.map((peer) => peer.package);
  console.error(`Installing (once): ${installLine(missing)} …`);
  await withoutServices(packages, async (signal) => {
    const install = ['install', '-y', '--no-install-recommends', ...packages];
    // The lists are often missing in a container, or name versions that the mirror no longer has.
    if (await aptGet(install, signal, 'ignore')) return;
    if (await aptGet(['update'], signal, 2)) await aptGet(install, signal, 2);
  });
  return missingPeers();
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findBinary('apt-get') !== null;
}

function describe(peer) {
  return `  ${peer.name}: ${peer.use} (Debian package ${peer.package})`;
}

function aptGet(args, signal, output) {
  if (signal.aborted) return false;
  return new Promise((resolve) => {
    const child = spawn('apt-get', [...OPTIONS, ...args], {
      stdio: ['ignore', output, output],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: LONGEST_MS,
    });
    // Resolves at its exit only: until then it may want to start a service.
    signal.addEventListener('abort', () => child.kill(), { once: true });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
