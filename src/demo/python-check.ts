// Composes the Python server's reply to an OTA check, with its tolerance and its errors.
import type { IncomingHttpHeaders } from 'node:http';
import { mqttLogin, websocketToken } from './device-credentials.ts';
import type { FirmwareShelf } from './firmware-shelf.ts';
import { fileName, isAbove } from './firmware-shelf.ts';

export interface PythonCheckConfig {
  /** `server.websocket` */
  websocketUrl: string;
  /** `server.vision_explain`: the download link takes its origin from it. */
  visionExplain: string;
  /** `server.mqtt_gateway`: `host:port`; where set, `mqtt` replaces `websocket`. */
  mqttGateway: string | undefined;
  /** `server.auth_key`; empty: no token. */
  authKey: string;
}

/** The body of the reply (status 200 in every case), as Python's `json.dumps` writes it. */
export function pythonCheckReply(
  headers: IncomingHttpHeaders,
  body: Buffer,
  shelf: FirmwareShelf,
  config: PythonCheckConfig,
  nowMs: number,
): string {
  const deviceId = text(headers['device-id']);
  const clientId = text(headers['client-id']);
  const report = parsed(body);
  if (deviceId === '' || clientId === '' || report === 'broken') return REQUEST_ERROR;

  const board = text(headers['device-model']) || text(member(report, 'board', 'type')) || 'default';
  const version = text(headers['device-version']) || text(member(report, 'application', 'version')) || '0.0.0';
  const offered = shelf.get(board);
  const newer = offered !== undefined && isAbove(numbers(offered.version), numbers(version)) ? offered : undefined;
  return asciiJson({
    server_time: { timestamp: nowMs, timezone_offset: 480 },
    firmware:
      newer === undefined
        ? { version, url: '' }
        : { version: newer.version, url: downloadUrl(config.visionExplain, fileName(board, newer.version)) },
    ...(config.mqttGateway === undefined
      ? {
          websocket: {
            url: config.websocketUrl,
            token: config.authKey === '' ? '' : websocketToken(config.authKey, clientId, deviceId, nowMs),
          },
        }
      : {
          mqtt: mqttLogin(config.authKey, {
            endpoint: config.mqttGateway,
            groupId: `GID_${board}`,
            deviceId,
            userData: '{"ip": "unknown"}',
          }),
        }),
  });
}

const REQUEST_ERROR = '{"success":false,"message":"request error."}';

function downloadUrl(visionExplain: string, file: string): string {
  return visionExplain.replace('/mcp/vision/explain', `/xiaozhi/ota/download/${file}`);
}

/** Every run of digits counts, whatever stands between: `v2.0-rc1` is 2, 0, 1. */
function numbers(version: string): number[] {
  return (version.match(/\d+/g) ?? ['0']).map(Number);
}

/** An empty body is an empty report; broken JSON and broken UTF-8 are errors. */
function parsed(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return 'broken';
  }
}

function member(report: unknown, outer: string, inner: string): unknown {
  const part = isRecord(report) ? report[outer] : undefined;
  return isRecord(part) ? part[inner] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** `json.dumps` escapes whatever is not ASCII, in UTF-16 units. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
