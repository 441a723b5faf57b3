// The peers: programs and libraries of the system that tests run against, and the Debian packages that bring them.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Every peer, in the order of installing. `proof` is what shows that it is there: a binary on PATH, or a file. */
export const peers = [
  { name: 'gcc', package: 'gcc', proof: { binary: 'gcc' }, use: 'builds the small device client in C' },
  { name: 'libc', package: 'libc6-dev', proof: { file: '/usr/include/stdio.h' }, use: 'headers for that client' },
  {
    name: 'mbedtls',
    package: 'libmbedtls-dev',
    proof: { file: '/usr/include/mbedtls/ssl.h' },
    use: 'the TLS library of ESP-IDF, for that client',
  },
  { name: 'pebble', package: 'pebble', proof: { binary: 'pebble' }, use: 'a certificate authority that speaks ACME' },
  { name: 'bind', package: 'bind9', proof: { binary: 'named' }, use: 'a DNS server that takes dynamic updates' },
  { name: 'iproute2', package: 'iproute2', proof: { binary: 'ip' }, use: 'makes a network with a gateway of its own' },
  {
    name: 'faketime',
    package: 'faketime',
    proof: { binary: 'faketime' },
    use: "moves a process's clock, as a bad battery does",
  },
  { name: 'openssl', package: 'openssl', proof: { binary: 'openssl' }, use: 'makes certificates as operators do' },
  {
    name: 'nginx',
    package: 'nginx-light',
    proof: { binary: 'nginx' },
    use: 'does the same work beside the gate, measured',
  },
  {
    name: 'nghttp2',
    package: 'nghttp2-client',
    proof: { binary: 'h2load' },
    use: 'an HTTP/2 client that is strict about the protocol',
  },
  { name: 'mosquitto', package: 'mosquitto', proof: { binary: 'mosquitto' }, use: 'an MQTT broker behind a stream' },
  {
    name: 'mosquitto-clients',
    package: 'mosquitto-clients',
    proof: { binary: 'mosquitto_sub' },
    use: 'MQTT clients of such a broker, by TLS',
  },
  {
    name: 'haproxy',
    package: 'haproxy',
    proof: { binary: 'haproxy' },
    use: 'a proxy in front that speaks the PROXY protocol',
  },
  {
    name: 'redis',
    package: 'redis-server',
    proof: { binary: 'redis-server' },
    use: 'keeps the state of several machines',
  },
  {
    name: 'slowhttptest',
    package: 'slowhttptest',
    proof: { binary: 'slowhttptest' },
    use: 'clients that take for ever, as attackers run them',
  },
  { name: 'chromium', package: 'chromium', proof: { binary: 'chromium' }, use: 'walks through the dashboard' },
];

/** A skip that begins like this is counted, and repeated at the end of the run. */
export const MISSING = 'missing peer: ';

// A daemon's binary is in a folder that only root has on its PATH.
const DAEMON_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/** The place of a program on PATH or among the daemons, or null. */
export function findBinary(name, path = process.env.PATH ?? '') {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...DAEMON_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

export function isThere(peer) {
  return peer.proof.file === undefined ? findBinary(peer.proof.binary) !== null : existsSync(peer.proof.file);
}

/** Those of the list that this machine lacks. */
export function missingPeers() {
  return peers.filter((peer) => !isThere(peer));
}

/** The line that installs these on Debian. */
export function installLine(missing) {
  return `apt-get install -y --no-install-recommends ${missing.map((peer) => peer.package).join(' ')}`;
}

/** True where a missing peer is a fault, not a reason to skip. */
export function isCi(env = process.env) {
  return !['', '0', 'false'].includes(env.CI ?? '');
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
