// The sample upstream that answers as the Python server does: port 8003's HTTP, and port 8000's WebSocket beside it.
//
// Kinds of hits: ota-get, ota-check, ota-options, ota-no-slash, download, download-head, download-options, vision,
// voice (upgraded), voice-plain (answered "Server is running"), voice-refused, other.
import type { IncomingMessage } from 'node:http';
import { redirectTarget } from './faults.ts';
import { findByFileName } from './firmware-shelf.ts';
import { pythonCheckReply } from './python-check.ts';
import { pythonDownloadReply } from './python-download.ts';
import { handlerReply, JSON_TYPE, routerReply, TEXT_TYPE } from './python-reply.ts';
import type { ReceivedBody } from './received-body.ts';
import { isWholeForm, receiveBody } from './received-body.ts';
import type { Reply, Subject } from './reply.ts';
import { sendReply } from './reply.ts';
import { createRequestLog } from './request-log.ts';
import type { SampleUpstream, SampleUpstreamOptions } from './sample-upstream.ts';
import { listen, shelfOf } from './sample-upstream.ts';
import { startVoiceServer } from './voice-server.ts';

export interface PythonUpstreamOptions extends SampleUpstreamOptions {
  /** `server.websocket`; default: the voice server's own address. */
  websocketUrl?: string;
  /** `server.vision_explain`, which the download links take their origin from; default: the own address. */
  visionExplain?: string;
  /** `server.mqtt_gateway`, `host:port`. */
  mqttGateway?: string;
  /** Signs tokens; empty: device authentication is off. */
  authKey?: string;
}

export interface PythonUpstream extends SampleUpstream {
  /** `http://127.0.0.1:49153`: where the WebSocket server listens. */
  readonly voiceOrigin: string;
}

/** 5 MB of image, and what the form puts around it. */
const VISION_MAX_BYTES = 5 * 1024 * 1024 + 4096;
const BODY_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Starts both servers.
 * @throws the system's error where a port is taken.
 */
export async function startPythonUpstream(options: PythonUpstreamOptions = {}): Promise<PythonUpstream> {
  const log = createRequestLog();
  const firmware = shelfOf(options.firmware);
  const faults = options.faults ?? {};
  const now = options.now ?? Date.now;
  const voice = await startVoiceServer(log, options.host, options.voicePort);
  const websocketUrl = options.websocketUrl ?? `${voice.origin.replace(/^http/, 'ws')}/xiaozhi/v1/`;
  let visionExplain = options.visionExplain ?? '';

  const answer = (request: IncomingMessage, target: Target, body: ReceivedBody): Reply => {
    switch (target.kind) {
      case 'ota-get':
        return handlerReply(200, TEXT_TYPE, `${OTA_RUNS}${websocketUrl}`);
      case 'ota-check': {
        const { mqttGateway, authKey = 'sample-auth-key' } = options;
        const config = { websocketUrl, visionExplain, mqttGateway, authKey };
        return handlerReply(200, JSON_TYPE, pythonCheckReply(request.headers, body.head, firmware, config, now()));
      }
      case 'ota-options':
      case 'download-options':
        return handlerReply(200, 'text/plain', '', [['Access-Control-Allow-Methods', 'GET, POST, OPTIONS']]);
      case 'download':
      case 'download-head': {
        if (!/^[A-Za-z0-9.\-_]+\.bin$/.test(target.file)) return handlerReply(400, TEXT_TYPE, 'invalid filename');
        const location = redirectTarget(faults, target.path, target.query);
        if (location !== undefined) return handlerReply(302, TEXT_TYPE, '302: Found', [['Location', location]]);
        const file = findByFileName(firmware, target.file);
        if (file === undefined) return handlerReply(404, TEXT_TYPE, 'file not found');
        return pythonDownloadReply(request.headers, file);
      }
      case 'vision':
        return visionReply(request, body, visionExplain);
      case 'ota-no-slash':
        return routerReply(404);
      case 'other':
        return target.allow === undefined ? routerReply(404) : routerReply(405, [['Allow', target.allow]]);
    }
  };

  const web = await listen(
    async (request, response) => {
      const target = route(request);
      const recorded = log.record(request, target.kind);
      const maxBytes = target.kind === 'vision' ? VISION_MAX_BYTES : BODY_MAX_BYTES;
      const body = await receiveBody(request, recorded, maxBytes);
      if (body.outcome === 'cut-short') return;
      const truncateAt = target.kind === 'download' ? findByFileName(firmware, target.file)?.truncateAt : undefined;
      const all = truncateAt === undefined ? faults : { ...faults, truncateAt };
      await sendReply(request, response, answer(request, target, body), all, subjectOf(target.kind));
    },
    options.host,
    options.port,
  );
  visionExplain ||= `${web.origin}/mcp/vision/explain`;

  return {
    origin: web.origin,
    voiceOrigin: voice.origin,
    hits: log.hits,
    requests: log.requests,
    firmware,
    faults,
    async close() {
      await Promise.all([web.close(), voice.close()]);
    },
  };
}

const OTA_RUNS = 'OTA接口运行正常，向设备发送的websocket地址是：';

type Kind =
  | 'ota-get'
  | 'ota-check'
  | 'ota-options'
  | 'ota-no-slash'
  | 'download'
  | 'download-head'
  | 'download-options'
  | 'vision'
  | 'other';

interface Target {
  kind: Kind;
  path: string;
  query: URLSearchParams;
  /** The name in a download's path, decoded, without folders. */
  file: string;
  /** For a path that exists, but not under this method. */
  allow?: string;
}

const OTA_METHODS: Readonly<Record<string, Kind>> = {
  GET: 'ota-get',
  HEAD: 'ota-get',
  POST: 'ota-check',
  OPTIONS: 'ota-options',
};
const DOWNLOAD_METHODS: Readonly<Record<string, Kind>> = {
  GET: 'download',
  HEAD: 'download-head',
  OPTIONS: 'download-options',
};
const VISION_METHODS: Readonly<Record<string, Kind>> = { GET: 'vision', HEAD: 'vision', POST: 'vision' };

/** aiohttp's router compares paths as they are: no dot segments resolved, no parameters stripped. */
function route(request: IncomingMessage): Target {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const download = /^\/xiaozhi\/ota\/download\/([^/]+)$/.exec(path);
  const target = { path, query: new URLSearchParams(query), file: baseName(download?.[1] ?? '') };
  if (path === '/xiaozhi/ota') return { ...target, kind: 'ota-no-slash' };
  const methods =
    path === '/xiaozhi/ota/'
      ? OTA_METHODS
      : download !== null
        ? DOWNLOAD_METHODS
        : path === '/mcp/vision/explain'
          ? VISION_METHODS
          : undefined;
  const kind = methods?.[request.method ?? ''];
  if (kind !== undefined) return { ...target, kind };
  return { ...target, kind: 'other', ...(methods && { allow: Object.keys(methods).sort().join(',') }) };
}

function baseName(encoded: string): string {
  try {
    return decodeURIComponent(encoded).split('/').at(-1) ?? '';
  } catch {
    return encoded;
  }
}

function subjectOf(kind: Kind): Subject {
  if (kind === 'ota-check') return 'check';
  return kind === 'download' || kind === 'download-head' ? 'download' : 'other';
}

function visionReply(request: IncomingMessage, body: ReceivedBody, visionExplain: string): Reply {
  if (request.method !== 'POST') {
    return handlerReply(200, TEXT_TYPE, `MCP Vision 接口运行正常，视觉解释接口地址是：${visionExplain}`);
  }
  const refused = (message: string, status = 200) =>
    handlerReply(status, JSON_TYPE, JSON.stringify({ success: false, message }));
  if (!/^Bearer \S/.test(request.headers.authorization ?? '')) return refused('invalid token', 401);
  if (body.outcome === 'too-large') return refused('image too large, 5MB at most');
  if (!isWholeForm(request, body)) return refused('request error.');
  const response = `a picture in a form of ${body.bytes} bytes`;
  return handlerReply(200, JSON_TYPE, JSON.stringify({ success: true, action: 'RESPONSE', response }));
}
