// Owns the device that the doctor plays: its MAC for one run, and how it looks in each generation.
import { randomBytes, randomUUID } from 'node:crypto';
import { SCREEN_CODES } from '../../device/connection.ts';
import { type CheckOutcome, Device } from '../../device/device.ts';
import type { Generation } from '../../device/generation.ts';
import type { Request } from '../../device/http-client.ts';

export type Player = { mac: string; clientId: string; board: string };

/** What the firmware of each generation was at its oldest: so that whatever there is, is offered. */
export const PLAYED: readonly { generation: Generation; version: string }[] = [
  { generation: 'legacy', version: '1.5.0' },
  // Reads header names by their case, as modems do.
  { generation: 'current', version: '1.8.2' },
  { generation: 'modem', version: '1.5.0' },
];

/** A MAC for one run: locally administered, so that no real device has it, and one of so many that nobody guesses it. */
export function newMac(): string {
  return ['02', ...[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

export function newPlayer(board: string, mac = newMac()): Player {
  return { mac, clientId: randomUUID(), board };
}

/** A device of this generation. `lookup` is where every host is. `roots` in PEM stand in for the public ones. */
export function deviceFor(
  { generation, version }: { generation: Generation; version: string },
  { mac, clientId, board }: Player,
  lookup: (host: string) => string,
  roots: readonly string[] | null,
): Device {
  return new Device({
    generation,
    version,
    board,
    mac,
    clientId,
    lookup,
    ssid: 'otagate doctor',
    project: 'xiaozhi',
    ...(roots === null ? {} : { trust: [...roots] }),
  });
}

const LONGEST_CHECK_MS = 90_000;

/** A check of this device, which ends even where a server sends a byte now and then for ever. */
export function checkWithin(device: Device, url: string, longestMs = LONGEST_CHECK_MS): Promise<CheckOutcome> {
  const late = Promise.withResolvers<CheckOutcome>();
  const because = `no end of the reply within ${longestMs / 1000} s`;
  const timer = setTimeout(
    () => late.resolve({ outcome: 'failed', code: SCREEN_CODES.noReply, because, tries: 1 }),
    longestMs,
  );
  return Promise.race([device.check(url), late.promise]).finally(() => clearTimeout(timer));
}

/** A check with the fields that servers read. */
export function checkRequest(url: string, { mac, clientId, board }: Player): Request {
  const version = PLAYED[0]?.version ?? '';
  const body = {
    version: 2,
    flash_size: 16_777_216,
    mac_address: mac,
    uuid: clientId,
    chip_model_name: 'esp32s3',
    application: { name: 'xiaozhi', version },
    ota: { label: 'ota_0' },
    board: { type: board, name: board, mac },
  };
  return {
    method: 'POST',
    url,
    headers: {
      'Activation-Version': '1',
      'Device-Id': mac,
      'Client-Id': clientId,
      'User-Agent': `${board}/${version}`,
      'Accept-Language': 'zh-CN',
      'Content-Type': 'application/json',
    },
    body: Buffer.from(JSON.stringify(body)),
  };
}
