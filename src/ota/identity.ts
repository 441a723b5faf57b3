// Owns what a device says of itself in a check: read as far as it can be read, never refused.
import type { Hardware } from './hardware.ts';
import { readPartitionReport } from './partition-report.ts';

declare const brand: unique symbol;
/** What a device claims to be: a MAC in lower case, as a rule. Anyone can send any. */
export type DeviceId = string & { readonly [brand]: 'DeviceId' };

export type DeviceReport = {
  device: DeviceId | null;
  clientId: string | null;
  /** The board and the running version, from the body, else from `User-Agent: <board>/<version>`. */
  board: string | null;
  version: string | null;
  chip: string | null;
  /** SHA-256 of the program that runs; hexadecimal. */
  elfSha256: string | null;
  flashBytes: number | null;
} & Pick<Hardware, 'slotBytes' | 'layout'>;

export type HeaderLookup = (name: string) => string | undefined;

const PLAUSIBLE = /^[\x21-\x7e]{1,64}$/;

/** The Device-Id header as an identity, or null where it cannot be one. */
export function deviceId(text: string | undefined): DeviceId | null {
  return text !== undefined && PLAUSIBLE.test(text) ? (text.toLowerCase() as DeviceId) : null;
}

/**
 * Reads headers and body of a check. The body is put together by hand on the device, its SSID is not escaped: where it
 * is no JSON, the few fields that matter are picked out of the text.
 */
export function readReport(header: HeaderLookup, body: Buffer): DeviceReport {
  const [agentBoard, agentVersion] = readUserAgent(header('user-agent'));
  const text = body.toString('utf8');
  const fields = readJson(text) ?? readBroken(text);
  return {
    device: deviceId(header('device-id')),
    clientId: plausible(header('client-id')),
    board: plausible(fields.board) ?? agentBoard,
    version: plausible(fields.version) ?? agentVersion,
    chip: plausible(fields.chip),
    elfSha256: plausible(fields.elfSha256),
    flashBytes: typeof fields.flashBytes === 'number' && fields.flashBytes > 0 ? fields.flashBytes : null,
    ...readPartitionReport(fields.partitions),
  };
}

type Fields = {
  version: unknown;
  chip: unknown;
  board: unknown;
  elfSha256: unknown;
  flashBytes: unknown;
  partitions: unknown;
};

function readJson(text: string): Fields | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  return {
    version: member(member(body, 'application'), 'version'),
    chip: member(body, 'chip_model_name'),
    board: member(member(body, 'board'), 'type'),
    elfSha256: member(member(body, 'application'), 'elf_sha256'),
    flashBytes: member(body, 'flash_size'),
    partitions: member(body, 'partition_table'),
  };
}

function readBroken(text: string): Fields {
  const application = /"application"\s*:\s*\{[^{}]*?"version"\s*:\s*"([^"]{1,64})"/.exec(text);
  const chip = /"chip_model_name"\s*:\s*"([^"]{1,64})"/.exec(text);
  const board = /"board"\s*:\s*\{\s*"type"\s*:\s*"([^"]{1,64})"/.exec(text);
  const elf = /"elf_sha256"\s*:\s*"([0-9a-f]{64})"/i.exec(text);
  const flash = /"flash_size"\s*:\s*(\d{1,10})\b/.exec(text);
  const table = /"partition_table"\s*:\s*(\[[^\][]{0,8192}\])/.exec(text);
  return {
    version: application?.[1],
    chip: chip?.[1],
    board: board?.[1],
    elfSha256: elf?.[1],
    flashBytes: flash === null ? undefined : Number(flash[1]),
    partitions: parseOr(table?.[1]),
  };
}

function parseOr(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readUserAgent(agent: string | undefined): [string | null, string | null] {
  const match = /^([\x21-\x2e\x30-\x7e]{1,64})\/([\x21-\x7e]{1,32})$/.exec(agent ?? '');
  return [match?.[1] ?? null, match?.[2] ?? null];
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function plausible(value: unknown): string | null {
  return typeof value === 'string' && PLAUSIBLE.test(value) ? value : null;
}
