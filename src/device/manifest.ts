// Owns what the device does with the reply to its check: what it stores, whether it upgrades, and when it crashes.

import { compareOffer } from './version.ts';

export type Activation = { code: string | null; message: string | null; challenge: string | null };

export type ManifestVerdict =
  | {
      manifest: 'update' | 'current';
      /** The version and link offered; null where the reply has none of that type. */
      version: string | null;
      url: string | null;
      forced: boolean;
      activation: Activation | null;
      reply: Readonly<Record<string, unknown>>;
    }
  | { manifest: 'bad-json' }
  | { manifest: 'abort'; because: string };

/** Longest key that ESP-IDF's NVS takes (NVS_KEY_NAME_MAX_SIZE less its zero); a longer one aborts the firmware. */
const MAX_KEY_BYTES = 15;
/** Longest string value of NVS, its zero included. */
const MAX_VALUE_BYTES = 4000;

/**
 * Reads a reply as Ota::CheckVersion does, in its order: so what is stored stays stored where the version aborts it
 * later. Writes every string and number of `mqtt{}` and `websocket{}` to flash, as `<section>.<key>`.
 * An offer counts only where version and link are both strings; `force: 1` overrides the comparison.
 * That link may be empty, or the one that means "not activated": the version alone decides.
 */
export function readManifest(body: Buffer, running: string, flash: Map<string, string | number>): ManifestVerdict {
  const reply = parseObject(body);
  if (reply === undefined) return { manifest: 'bad-json' };
  for (const section of ['mqtt', 'websocket']) {
    const because = storeSection(section, reply[section], flash);
    if (because !== undefined) return { manifest: 'abort', because };
  }
  const firmware = asObject(reply.firmware);
  const version = asText(firmware?.version);
  const url = asText(firmware?.url);
  const activation = readActivation(reply.activation);
  const about = { version, url, forced: false, activation, reply };
  if (version === null || url === null) return { manifest: 'current', ...about };

  const compared = compareOffer(running, version);
  if (compared.compared === 'abort') return { manifest: 'abort', because: compared.because };
  const force = firmware?.force;
  const forced = typeof force === 'number' && toInt(force) === 1;
  return { manifest: forced || compared.compared === 'newer' ? 'update' : 'current', ...about, forced };
}

function storeSection(section: string, value: unknown, flash: Map<string, string | number>): string | undefined {
  for (const [key, item] of Object.entries(asObject(value) ?? {})) {
    if (typeof item !== 'string' && typeof item !== 'number') continue;
    if (Buffer.byteLength(key) > MAX_KEY_BYTES)
      return `${section}.${key}: a key of more than ${MAX_KEY_BYTES} characters`;
    if (typeof item === 'string' && Buffer.byteLength(item) >= MAX_VALUE_BYTES) {
      return `${section}.${key}: a value of ${MAX_VALUE_BYTES} bytes or more`;
    }
    flash.set(`${section}.${key}`, typeof item === 'string' ? item : toInt(item));
  }
  return undefined;
}

function readActivation(value: unknown): Activation | null {
  const activation = asObject(value);
  if (activation === undefined) return null;
  return {
    code: asText(activation.code),
    message: asText(activation.message),
    challenge: asText(activation.challenge),
  };
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    // Any JSON is taken; what is no object just has none of the keys.
    return asObject(parsed) ?? {};
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** cJSON's `valueint`: towards zero, and at most what a signed 32-bit integer holds. */
function toInt(value: number): number {
  return Math.trunc(Math.max(-2147483648, Math.min(2147483647, value)));
}
