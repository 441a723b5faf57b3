// Owns the demo's scene in tests: its two servers, a gate before them whose page is open, and its fleet.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fleet, type Upgraded, upgradeMember } from '../../src/demo/fleet.ts';
import { DOMAINS, demoConfig, startServers } from '../../src/demo/scene.ts';
import type { Device } from '../../src/device/device.ts';
import { type GateRig, startGate } from './gate.ts';
import { deviceOf, OUTSIDE } from './test-device.ts';

export type Server = keyof typeof DOMAINS;

export type DemoScene = {
  gate: GateRig;
  /** Of the dashboard. */
  base: string;
  token: string;
  members: number;
  /** All members, one every so many milliseconds, or at once as after a power cut; throws where one does not get there. */
  upgradeFleet: (everyMs?: number) => Promise<Upgraded[]>;
  /** A device outside the LAN that the server has a newer version for, and where it checks by plain HTTP. */
  outsider: (server: Server) => { device: Device; url: string };
  /** An opening for whoever looks at the page to see. */
  openForAnHour: () => Promise<void>;
  stop: () => Promise<void>;
};

// An image takes some seven seconds: long enough to be watched, on a busy machine too.
const PACE = 300_000;

export async function startDemoScene(): Promise<DemoScene> {
  const members = fleet();
  const servers = await startServers(members, { downloadBytesPerSecond: PACE });
  const listen = 'listen: { http: "127.0.0.1:0", https: "127.0.0.1:0", admin: "127.0.0.1:0" }';
  const gate = await startGate(`${demoConfig(servers)}${listen}\nworkers: 2\n`).catch(async (error: unknown) => {
    await servers.close();
    throw error;
  });
  const { at } = await gate.line(({ event }) => event === 'admin');
  const { http, https, root } = gate;
  return {
    gate,
    base: new URL(String(at)).origin,
    token: readFileSync(join(gate.folder, 'state/admin.token'), 'utf8').trim(),
    members: members.length,
    upgradeFleet: async (everyMs = 0) => {
      const way = { http, https, root, domains: DOMAINS };
      const all = await Promise.all(
        members.map(async (member, index) => {
          await sleep(index * everyMs);
          return upgradeMember(member, index, way);
        }),
      );
      for (const { member, outcome } of all)
        assert.ok(outcome.outcome === 'upgraded' && outcome.to === member.to, JSON.stringify(outcome));
      return all;
    },
    outsider: (server) => {
      const [board, mac] = ['current-board', server === 'full' ? '02:00:00:00:ff:01' : '02:00:00:00:ff:02'];
      servers.java.devices.set(mac, { board });
      const device = deviceOf(gate, OUTSIDE, { mac, board, version: '1.6.0' });
      return { device, url: `http://${DOMAINS[server]}:${http}/xiaozhi/ota/` };
    },
    openForAnHour: async () => {
      const opened = await gate.command(
        'open',
        'full-ota',
        '--for',
        '1h',
        '--from',
        '203.0.113.0/24',
        '--reason',
        'batch of 1.6.0 devices',
      );
      assert.equal(opened.code, 0, opened.stderr);
    },
    stop: async () => {
      await gate.stop();
      await servers.close();
    },
  };
}
