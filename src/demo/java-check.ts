// Composes the Java server's reply to an OTA check: bound or not, up to date or not, and the link that is none.
import { randomInt } from 'node:crypto';
import { mqttLogin, websocketToken } from './device-credentials.ts';
import type { FirmwareShelf } from './firmware-shelf.ts';
import { isAbove } from './firmware-shelf.ts';
import { jsonReply, resultReply } from './java-reply.ts';
import type { OneTimeLinks } from './one-time-links.ts';
import type { Reply } from './reply.ts';

/** A link that is none: it goes to devices that are not bound, and to those that are up to date. */
export const NO_UPDATE_LINK =
  'http://xiaozhi.server.com:8002/xiaozhi/otaMag/download/NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL';

/** A device that somebody has taken into the console. */
export interface BoundDevice {
  /** As the console knows it: the MQTT group; the firmware goes by the board that the check names. */
  board?: string;
  /** Default true. */
  autoUpdate?: boolean;
}

export interface JavaCheckConfig {
  /** `server.websocket` */
  websocketUrl: string;
  /** `server.ota`; unset: the request's own address. */
  otaUrl: string | undefined;
  /** `server.mqtt_gateway`; where set, `mqtt` stands beside `websocket`. */
  mqttGateway: string | undefined;
  /** `server.fronted_url` (so spelt): what the screen tells the user. */
  frontedUrl: string;
  /** `server.secret`; empty: no token. */
  secret: string;
}

export interface JavaCheck {
  deviceId: string | undefined;
  clientId: string | undefined;
  remoteAddress: string;
  /** `http://<Host header><path>` */
  requestUrl: string;
  body: Buffer;
}

export interface JavaDevices {
  /** Device-Id → what the console knows. */
  readonly bound: Map<string, BoundDevice>;
  /** The six digits that a device shows until it is bound: the same ones on every check. */
  activationCode(deviceId: string): string;
}

const REMEMBERED_CODES = 1000;

export function createJavaDevices(bound: Map<string, BoundDevice>): JavaDevices {
  const codes = new Map<string, string>();
  return {
    bound,
    activationCode(deviceId) {
      const known = codes.get(deviceId);
      if (known !== undefined) return known;
      const code = String(randomInt(1_000_000)).padStart(6, '0');
      codes.set(deviceId, code);
      for (const oldest of codes.keys()) {
        if (codes.size <= REMEMBERED_CODES) break;
        codes.delete(oldest);
      }
      return code;
    },
  };
}

/** Always status 200; what is wrong stands in the document. */
export function javaCheckReply(
  check: JavaCheck,
  devices: JavaDevices,
  shelf: FirmwareShelf,
  links: OneTimeLinks,
  config: JavaCheckConfig,
  nowMs: number,
): Reply {
  const { deviceId } = check;
  const report = parsed(check.body);
  if (deviceId === undefined || report === undefined) return serverError();
  if (deviceId.trim() === '') return jsonReply('{"error":"Device ID is required"}');
  if (!/^([0-9A-Za-z]{2}[:-]){5}[0-9A-Za-z]{2}$/.test(deviceId)) return jsonReply('{"error":"Invalid device ID"}');

  const device = devices.bound.get(deviceId);
  const version = text(report, 'application', 'version');
  const firmware =
    device === undefined
      ? { version: version ?? null, url: NO_UPDATE_LINK }
      : device.autoUpdate === false
        ? undefined
        : offer(text(report, 'board', 'type'), version ?? '0.0.0', check, shelf, links, config);
  if (firmware === 'unreadable version') return serverError();
  const code = device === undefined ? devices.activationCode(deviceId) : undefined;
  const clientId = check.clientId?.trim() || deviceId;
  return jsonReply(
    JSON.stringify({
      server_time: { timestamp: nowMs, timeZone: 'Asia/Shanghai', timezone_offset: 480 },
      ...(code !== undefined && {
        activation: { code, message: `${config.frontedUrl}\n${code}`, challenge: deviceId },
      }),
      ...(firmware !== undefined && { firmware }),
      websocket: {
        url: config.websocketUrl,
        token: config.secret === '' ? '' : websocketToken(config.secret, clientId, deviceId, nowMs),
      },
      ...(config.mqttGateway !== undefined && {
        mqtt: mqttLogin(config.secret, {
          endpoint: config.mqttGateway,
          groupId: device?.board ?? 'GID_default',
          deviceId,
          userData: JSON.stringify({ ip: check.remoteAddress }),
        }),
      }),
    }),
  );
}

function serverError(): Reply {
  return resultReply(500, '服务器内部异常');
}

type Firmware = { version: string; url: string };

function offer(
  board: string | undefined,
  version: string,
  check: JavaCheck,
  shelf: FirmwareShelf,
  links: OneTimeLinks,
  config: JavaCheckConfig,
): Firmware | undefined | 'unreadable version' {
  if (board === undefined || board === '') return undefined;
  const newest = shelf.get(board);
  if (newest === undefined) return { version, url: NO_UPDATE_LINK };
  const theirs = numbers(newest.version);
  const own = numbers(version);
  if (theirs === undefined || own === undefined) return 'unreadable version';
  if (!isAbove(theirs, own)) return { version: newest.version, url: NO_UPDATE_LINK };
  const base = (config.otaUrl ?? check.requestUrl).replaceAll('/ota/', '/otaMag/download/');
  return { version: newest.version, url: `${base}${links.issue(board)}` };
}

/** `Integer.parseInt` throws on anything but digits, and the check ends with code 500. */
function numbers(version: string): number[] | undefined {
  const parts = version.split('.');
  return parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : undefined;
}

function parsed(body: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(report: object, outer: string, inner: string): string | undefined {
  const part: unknown = Reflect.get(report, outer);
  const value: unknown = typeof part === 'object' && part !== null ? Reflect.get(part, inner) : undefined;
  return typeof value === 'string' ? value : undefined;
}
