// The doctor against a running gate: nothing wrong with a sound one, its device in no history, its report kept.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BoundDevice } from '../../src/demo/java-check.ts';
import type { JavaUpstream } from '../../src/demo/upstream-java.ts';
import type { DoctorReport } from '../../src/doctor/report.ts';
import type { DevicePage } from '../../src/store/history.ts';
import { until } from '../rig/bounded.ts';
import { type CommandResult, type GateRig, startGate } from '../rig/gate.ts';
import { intermediate, leaf, ownLoopback, ROOT_PEM } from '../rig/ota-front.ts';
import { BOARD, fullPreset, javaServer } from '../rig/sample-servers.ts';
import { deviceOf, LAN, otaUrl } from '../rig/test-device.ts';

/** Where the gate listens: on a loopback address of its own, since devices insist on 8883. */
const PLACE = ownLoopback();

/** Locally administered as well, and nobody’s visit: it is a device like every other. */
const EARLIER = '02:aa:bb:cc:dd:ee';

/** Whichever device asks is bound. */
class EveryDevice extends Map<string, BoundDevice> {
  override get(): BoundDevice {
    return { board: BOARD };
  }
}

describe('the doctor against a gate', () => {
  const cleanups: (() => unknown)[] = [];
  const closing = { after: (work: () => unknown) => void cleanups.push(work) };
  let gate: GateRig;
  let java: JavaUpstream;
  let doctor: (...args: string[]) => Promise<CommandResult>;

  before(async () => {
    // What stands behind the stream: whoever it is, TLS ends at the gate.
    const broker = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((done) => broker.listen(0, '127.0.0.1', done));
    cleanups.push(() => broker.close());
    const { port } = broker.address() as AddressInfo;
    java = await javaServer(closing, {
      mqttGateway: '192.168.0.7:1883',
      // So that the one that is played is offered firmware, by a one-time link.
      devices: new EveryDevice(),
    });
    const certificate = leaf();
    gate = await startGate(
      `domain: ota.test\nlisten: { http: "${PLACE}:0", https: "${PLACE}:0" }\nstreams: [{ listen: "${PLACE}:8883", upstream: "127.0.0.1:${port}" }]\n${fullPreset(java)}\ntls: { certificates: [{ cert: c.pem, key: c.key }] }\n`,
      { files: { 'c.pem': certificate.pem + intermediate.pem, 'c.key': certificate.keyPem } },
    );
    const roots = join(gate.folder, 'roots.pem');
    writeFileSync(roots, ROOT_PEM);
    doctor = (...args) =>
      gate.command('doctor', '--ca', roots, '--resolve', `ota.test=${PLACE}`, '--board', BOARD, ...args);
  });
  after(async () => {
    await gate.stop();
    for (const cleanup of cleanups) await cleanup();
  });

  it('finds nothing wrong, spends no download of its own, and proves the values for the console', async () => {
    const device = deviceOf(gate, LAN, { mac: EARLIER, trust: [ROOT_PEM], lookup: () => PLACE });
    assert.equal((await device.upgrade(otaUrl(gate, 'http'))).outcome, 'upgraded');
    const { code, stdout, stderr } = await doctor('--json');
    const report = JSON.parse(stdout) as DoctorReport;
    const grave = report.findings.filter(({ severity }) => severity !== 'note');
    assert.deepEqual([code, stderr, grave], [0, '', []]);
    assert.deepEqual(report.paste, {
      serverOta: otaUrl(gate, 'https'),
      serverWebsocket: `wss://ota.test:${gate.https}/xiaozhi/v1/`,
      proved: true,
    });
    assert.deepEqual(
      report.targets.map(({ url, status }) => [url.split(':', 1)[0], status]),
      [
        ['https', 200],
        ['http', 426],
      ],
    );
    assert.ok(report.findings.some(({ code: one }) => one === 'plain-closed'));
    assert.doesNotMatch(stdout, /mqtt/, 'TLS for MQTT is well');
    // The gate looks at a new link once, when it is offered; the doctor’s own look at it costs nothing beside that.
    const links = java.requests.filter(({ kind }) => kind === 'download').map(({ url }) => url);
    assert.ok(links.length > 1 && new Set(links).size === links.length, links.join());
  });

  it('keeps its device out of the history, and nobody else’s', async () => {
    const list = async (): Promise<string[]> =>
      (JSON.parse((await gate.command('devices', '--json')).stdout) as DevicePage).devices.map((one) => one.device);
    await until('the device in the history', async () => (await list()).length > 0);
    assert.deepEqual(await list(), [EARLIER]);
  });

  it('looks where it is told, and what is none of the gate’s is turned away', async () => {
    const { code, stdout } = await doctor('--json', '--resolve', `other.test=${PLACE}`, 'other.test');
    const { findings, targets } = JSON.parse(stdout) as DoctorReport;
    assert.equal(code, 1);
    assert.ok(targets.every(({ url }) => url.includes('//other.test:')));
    const faults = findings.filter(({ severity }) => severity === 'fault').map((one) => one.code);
    assert.ok(faults.includes('name-missing') && faults.includes('path-wrong'), faults.join());
  });
});
