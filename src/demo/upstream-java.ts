// The sample upstream that answers as the full module's port 8002 does: console, Java API, firmware by one-time links.
//
// Kinds of hits: console, user, ota-get, ota-check, ota-no-slash, activate, download (HEAD counts), upload, secret,
// bad-request, other; with its voice server also voice, voice-plain and voice-refused.
import type { IncomingMessage } from 'node:http';
import { redirectTarget } from './faults.ts';
import { fileName } from './firmware-shelf.ts';
import type { BoundDevice } from './java-check.ts';
import { createJavaDevices, javaCheckReply } from './java-check.ts';
import { attachmentReply, bareReply, resultReply, textReply } from './java-reply.ts';
import { createOneTimeLinks } from './one-time-links.ts';
import type { ReceivedBody } from './received-body.ts';
import { isWholeForm, receiveBody } from './received-body.ts';
import type { Reply } from './reply.ts';
import { sendReply } from './reply.ts';
import { createRequestLog } from './request-log.ts';
import type { SampleUpstream, SampleUpstreamOptions } from './sample-upstream.ts';
import { listen, shelfOf } from './sample-upstream.ts';
import { tomcatPath } from './tomcat-path.ts';
import { startVoiceServer } from './voice-server.ts';

export interface JavaUpstreamOptions extends SampleUpstreamOptions {
  /** `server.ota`, ends in `/ota/`; unset: links are built from the request's Host header. */
  otaUrl?: string;
  /** `server.websocket`; default: the voice server's own address. */
  websocketUrl?: string;
  mqttGateway?: string;
  frontedUrl?: string;
  /** Signs tokens and logins; empty: device authentication is off. */
  secret?: string;
  /** Device-Id → what the console knows of it; used itself, so that devices can be bound while it runs. */
  devices?: Map<string, BoundDevice>;
  /** Whether the voice server (port 8000) runs beside it; default true. */
  voice?: boolean;
}

export interface JavaUpstream extends SampleUpstream {
  readonly voiceOrigin: string | undefined;
  readonly devices: Map<string, BoundDevice>;
}

const UPLOAD_MAX_BYTES = 100 * 1024 * 1024;
const BODY_MAX_BYTES = 1024 * 1024;

/**
 * Starts the web server, and the voice server unless told not to.
 * @throws the system's error where a port is taken.
 */
export async function startJavaUpstream(options: JavaUpstreamOptions = {}): Promise<JavaUpstream> {
  const log = createRequestLog();
  const firmware = shelfOf(options.firmware);
  const faults = options.faults ?? {};
  const now = options.now ?? Date.now;
  const links = createOneTimeLinks(now);
  const devices = createJavaDevices(options.devices ?? new Map());
  const voice = options.voice === false ? undefined : await startVoiceServer(log, options.host, options.voicePort);
  const voiceAt = voice?.origin.replace(/^http/, 'ws') ?? 'ws://xiaozhi.server.com:8000';
  const config = {
    websocketUrl: options.websocketUrl ?? `${voiceAt}/xiaozhi/v1/`,
    otaUrl: options.otaUrl,
    mqttGateway: options.mqttGateway,
    frontedUrl: options.frontedUrl ?? 'http://xiaozhi.server.com',
    secret: options.secret ?? 'sample-secret',
  };

  const download = (request: IncomingMessage, uuid: string): Reply => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const location = redirectTarget(faults, path, new URLSearchParams(query));
    if (location !== undefined) return bareReply(302, [['Location', location]]);
    const board = links.take(uuid);
    const file = board === undefined ? undefined : firmware.get(board);
    if (board === undefined || file === undefined) return bareReply(404);
    return attachmentReply(fileName(board, file.version), file.bytes);
  };

  const check = (request: IncomingMessage, body: ReceivedBody): Reply => {
    const { headers, socket } = request;
    const facts = {
      deviceId: header(headers['device-id']),
      clientId: header(headers['client-id']),
      remoteAddress: socket.remoteAddress ?? 'unknown',
      requestUrl: `http://${headers.host ?? 'localhost'}${(request.url ?? '').replace(/\?.*$/s, '')}`,
      body: body.head,
    };
    return javaCheckReply(facts, devices, firmware, links, config, now());
  };

  const answer = (request: IncomingMessage, target: Target, body: ReceivedBody): Reply => {
    switch (target.kind) {
      case 'console':
        return textReply(200, CONSOLE_PAGE, 'text/html');
      case 'user':
        return resultReply(0, 'success', { path: target.path, username: 'sample' });
      case 'ota-get':
        return textReply(200, 'OTA接口运行正常，websocket集群数量：1');
      case 'ota-check':
        return check(request, body);
      case 'activate':
        return devices.bound.has(header(request.headers['device-id']) ?? '')
          ? textReply(200, 'success')
          : bareReply(202);
      case 'download':
        return download(request, target.last);
      case 'upload':
        return uploadReply(request, body);
      case 'secret':
        return textReply(200, 'secret');
      case 'bad-request':
        return textReply(400, 'Bad Request', 'text/html;charset=utf-8');
      case 'ota-no-slash':
      case 'other':
        return resultReply(404, '资源不存在');
    }
  };

  const web = await listen(
    async (request, response) => {
      const target = route(request);
      const recorded = log.record(request, target.kind);
      const body = await receiveBody(request, recorded, target.kind === 'upload' ? UPLOAD_MAX_BYTES : BODY_MAX_BYTES);
      if (body.outcome === 'cut-short') return;
      const subject = target.kind === 'ota-check' ? 'check' : target.kind === 'download' ? 'download' : 'other';
      await sendReply(request, response, answer(request, target, body), faults, subject);
    },
    options.host,
    options.port,
  );

  return {
    origin: web.origin,
    voiceOrigin: voice?.origin,
    hits: log.hits,
    requests: log.requests,
    firmware,
    faults,
    devices: devices.bound,
    async close() {
      await Promise.all([web.close(), voice?.close()]);
    },
  };
}

const CONSOLE_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sample console</title></head>
<body><h1>Sample console</h1><p>This page stands in for the console of the server behind the gate.</p></body>
</html>
`;

type Kind =
  | 'console'
  | 'user'
  | 'ota-get'
  | 'ota-check'
  | 'ota-no-slash'
  | 'activate'
  | 'download'
  | 'upload'
  | 'secret'
  | 'bad-request'
  | 'other';

interface Target {
  kind: Kind;
  path: string;
  /** The path's last segment. */
  last: string;
}

/** What must never be reached through a gate, whatever the request looked like on its way. */
const SECRET = /^\/xiaozhi\/(config\/.*|doc\.html|v3\/api-docs(\/.*)?|druid(\/.*)?)$/;

function route(request: IncomingMessage): Target {
  const path = tomcatPath(request.url ?? '');
  if (path === undefined) return { kind: 'bad-request', path: '', last: '' };
  return { kind: kindOf(path, request.method ?? ''), path, last: path.slice(path.lastIndexOf('/') + 1) };
}

function kindOf(path: string, method: string): Kind {
  const reads = method === 'GET' || method === 'HEAD';
  if (SECRET.test(path)) return 'secret';
  if (!path.startsWith('/xiaozhi/')) return reads ? 'console' : 'other';
  if (path === '/xiaozhi/ota') return 'ota-no-slash';
  if (path === '/xiaozhi/ota/') return reads ? 'ota-get' : method === 'POST' ? 'ota-check' : 'other';
  if (path === '/xiaozhi/ota/activate' && method === 'POST') return 'activate';
  if (/^\/xiaozhi\/otaMag\/download\/[^/]+$/.test(path) && reads) return 'download';
  if (path === '/xiaozhi/otaMag/upload' && method === 'POST') return 'upload';
  return path.startsWith('/xiaozhi/user/') ? 'user' : 'other';
}

/** The name is the MD5 of all that came, so that a proxy that changes a byte on the way is found out. */
function uploadReply(request: IncomingMessage, body: ReceivedBody): Reply {
  if (body.outcome === 'too-large') return textReply(413, '413 Request Entity Too Large', 'text/html');
  if (!isWholeForm(request, body)) return resultReply(500, '上传文件不能为空');
  return resultReply(0, 'success', `uploadfile/${body.md5}.bin`, { bytes: body.bytes });
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
