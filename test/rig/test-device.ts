// Owns the devices of the flow tests: how they name the gate, trust it, and which address they come from.
import { Device, type DeviceOptions } from '../../src/device/device.ts';
import type { GateRig } from './gate.ts';
import { BOARD, MAC } from './sample-servers.ts';

/** Loopback addresses: one that the rig's gates count as LAN, and two that they do not. */
export const LAN = '127.0.0.2';
export const OUTSIDE = '127.0.0.9';
export const ELSEWHERE = '127.0.0.8';

/** A device that runs 1.8.1 unless said, finds every name on this machine, and carries the gate's root. */
export function deviceOf(gate: Pick<GateRig, 'root'>, from: string, options: Partial<DeviceOptions> = {}): Device {
  return new Device({
    generation: 'current',
    version: '1.8.1',
    board: BOARD,
    mac: MAC,
    trust: [gate.root],
    lookup: () => '127.0.0.1',
    localAddress: from,
    ...options,
  });
}

/** Where a device is told to check. */
export function otaUrl(gate: Pick<GateRig, 'http' | 'https'>, scheme: 'http' | 'https'): string {
  return `${scheme}://ota.test:${gate[scheme]}/xiaozhi/ota/`;
}

/** The body of a check, as small as servers take it. */
export function checkBody(version = '1.8.1', board = BOARD): string {
  return JSON.stringify({ version: 2, application: { version }, board: { type: board } });
}

/** The headers of a check. */
export const CHECK_HEADERS = {
  'Activation-Version': '1',
  'Device-Id': MAC,
  'Client-Id': '5f6c1a52-6f0c-4b3e-9d55-0c8a7e2b4f11',
  'User-Agent': `${BOARD}/1.8.1`,
  'Content-Type': 'application/json',
} as const;
