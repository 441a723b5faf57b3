// Owns what a device says: the check that it sends, and the place of the firmware in the reply.
import { checkBody } from '../../src/device/check-body.ts';
import type { Request } from './device-client.ts';
import { BOARD, RUNNING } from './firmware.ts';

/** The name by which devices call the gate. */
export const DOMAIN = 'ota.test';

const CLIENT_ID = '5f6c1a52-6f0c-4b3e-9d55-0c8a7e2b4f11';

/** The address of the n-th device, from 0: up to 65,536 of them. */
export function macOf(index: number): string {
  const hex = index.toString(16).padStart(4, '0');
  return `02:00:00:00:${hex.slice(0, 2)}:${hex.slice(2)}`;
}

/** The OTA check of the n-th device. */
export function checkOf(index: number): Request {
  const mac = macOf(index);
  return {
    method: 'POST',
    path: '/xiaozhi/ota/',
    headers: {
      'Activation-Version': '1',
      'Device-Id': mac,
      'Client-Id': CLIENT_ID,
      'User-Agent': `${BOARD}/${RUNNING}`,
      'Accept-Language': 'zh-CN',
      'Content-Type': 'application/json',
      Connection: 'close',
    },
    body: checkBody({
      generation: 'current',
      version: RUNNING,
      board: BOARD,
      chip: 'esp32s3',
      mac,
      clientId: CLIENT_ID,
      language: 'zh-CN',
      ssid: 'home',
      slotBytes: 0x3f0000,
      elfSha256: '0123456789abcdef'.repeat(4),
      project: 'xiaozhi',
      slot: 'ota_0',
    }),
  };
}

export type Offer = { version: string; path: string };

/**
 * What the reply offers, or null. The link's host is not looked at: whoever answered the check is asked for the image,
 * which gives a server that rewrites nothing the same chance.
 */
export function offerIn(reply: Buffer): Offer | null {
  try {
    const { firmware } = JSON.parse(reply.toString('utf8')) as { firmware?: { version?: unknown; url?: unknown } };
    if (typeof firmware?.url !== 'string' || typeof firmware.version !== 'string') return null;
    if (firmware.version === RUNNING || !URL.canParse(firmware.url)) return null;
    return { version: firmware.version, path: new URL(firmware.url).pathname };
  } catch {
    return null;
  }
}
