// The files of deploy/, held to their own rules: what runs the gate gives it no more than it needs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { findBinary } from '../../scripts/peers.mjs';
import { formatFinding } from '../../src/config/finding.ts';
import { checkText } from '../../src/config/load.ts';
import { execForm, readStages } from './dockerfile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

type Service = {
  build: string;
  restart: string;
  read_only: boolean;
  user?: string;
  privileged?: boolean;
  cap_drop: string[];
  cap_add?: string[];
  security_opt: string[];
  tmpfs: string[];
  ports: string[];
  volumes: string[];
  healthcheck?: { disable?: boolean };
  stop_grace_period: string;
};
const compose = parse(read('deploy/compose.yaml')) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const image = readStages(read('Dockerfile')).at(-1)?.instructions ?? [];
const ofImage = (name: string): string[] => image.filter((one) => one.name === name).map(({ value }) => value);

/** The one configuration that a document shows for a container. */
function configIn(document: string): ReturnType<typeof checkText> {
  const yaml = /```yaml\n([\s\S]*?)\n\s*```/.exec(read(document))?.[1] ?? '';
  return checkText(yaml.replace(/^ {3}/gm, ''), '/config/otagate.yaml', {}, Date.now());
}

test('the compose file gives one service, read-only, without rights, not as root', () => {
  assert.deepEqual(Object.keys(compose.services), ['otagate']);
  const service = compose.services.otagate;
  assert.ok(service);
  assert.deepEqual(
    [service.read_only, service.cap_drop, service.security_opt, service.tmpfs, service.restart],
    [true, ['ALL'], ['no-new-privileges:true'], ['/tmp'], 'unless-stopped'],
  );
  assert.deepEqual([service.privileged, service.cap_add, service.user], [undefined, undefined, undefined]);
  assert.match(ofImage('USER').at(-1) ?? '', /^[1-9]/, 'the user is the image’s own');
  assert.notEqual(service.healthcheck?.disable, true, 'the health check is the image’s own');
  assert.equal(ofImage('HEALTHCHECK').length, 1);
  assert.equal(join('deploy', service.build), '.', 'built from the folder that has the Dockerfile');
});

test('its volumes and ports are those of the image and of the configuration beside it', () => {
  const service = compose.services.otagate;
  const places = service?.volumes.map((volume) => volume.split(':'));
  assert.deepEqual(places, [
    ['./config', '/config', 'ro'],
    ['otagate-data', '/data'],
  ]);
  assert.deepEqual(
    places?.map(([, inside]) => inside).sort(),
    execForm(ofImage('VOLUME').at(-1) ?? '')?.toSorted(),
    'nothing that is kept is inside the container',
  );
  assert.deepEqual(Object.keys(compose.volumes), ['otagate-data']);
  const ports = service?.ports.map((port) => port.split(':').map(Number)) ?? [];
  assert.deepEqual(ports.map(([, inside]) => inside).join(' '), ofImage('EXPOSE').at(-1));
  const loaded = configIn('docs/docker-compose.md');
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.faults.map(formatFinding).join('\n'));
  const { listen, public: outside, stateDir, limits } = loaded.config;
  assert.deepEqual(ports, [
    [outside.http, listen.http[0]?.port],
    [outside.https, listen.https[0]?.port],
  ]);
  assert.equal(stateDir, '/data');
  const graceMs = Number(/^(\d+)s$/.exec(service?.stop_grace_period ?? '')?.[1]) * 1_000;
  assert.ok(graceMs > limits.drainMs, 'Docker waits until running requests may have finished');
});

const unit = read('deploy/otagate.service');
const valuesOf = (key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);

test('the unit runs the gate as nobody, with the low ports, its folder, and nothing else', () => {
  for (const [key, value] of [
    ['DynamicUser', 'yes'],
    ['StateDirectory', 'otagate'],
    ['StateDirectoryMode', '0700'],
    ['AmbientCapabilities', 'CAP_NET_BIND_SERVICE'],
    ['CapabilityBoundingSet', 'CAP_NET_BIND_SERVICE'],
    ['NoNewPrivileges', 'yes'],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['PrivateDevices', 'yes'],
    ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'],
    ['SystemCallErrorNumber', 'EPERM'],
    ['Restart', 'always'],
  ] as const)
    assert.deepEqual(valuesOf(key), [value], key);
  assert.deepEqual(valuesOf('User'), []);
  assert.deepEqual(valuesOf('MemoryDenyWriteExecute'), [], 'JavaScript is compiled while it runs');
  assert.deepEqual(valuesOf('ReadWritePaths'), []);
});

test('the unit starts, reloads and stops the gate as its own commands do', () => {
  assert.deepEqual(valuesOf('ExecStart'), ['/usr/bin/env otagate serve -c /etc/otagate/otagate.yaml']);
  assert.deepEqual(valuesOf('ExecReload'), ['/bin/kill -HUP $MAINPID']);
  const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> };
  assert.ok('otagate' in bin, 'the package brings the command');
  const loaded = checkText(read('config/shortest.yaml'), '/etc/otagate/otagate.yaml', {}, Date.now());
  assert.ok(loaded.ok);
  assert.ok(Number(valuesOf('TimeoutStopSec')[0]) * 1_000 > loaded.config.limits.drainMs);
  assert.match(read('docs/systemd.md'), /^echo 'stateDir: \/var\/lib\/otagate' >> \/etc\/otagate\/otagate\.yaml$/m);
});

const analyze = findBinary('systemd-analyze');
test('systemd itself finds nothing wrong with the unit', { skip: analyze === null && 'no systemd here' }, () => {
  const file = join(root, 'deploy/otagate.service');
  const { status, stderr } = spawnSync(analyze ?? '', ['verify', '--man=no', file], { encoding: 'utf8' });
  // It also tells of other units of this machine.
  const said = stderr.split('\n').filter((line) => line.includes('otagate'));
  assert.deepEqual([status, said], [0, []]);
});
