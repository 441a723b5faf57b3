// Owns http-proxy, the engine that carries requests and WebSockets to upstreams, and all that has to be kept from it.
// It gets a view of the request instead of the request: it reads headers from it, and sometimes changes them.
import type { ClientRequest, Agent as HttpAgent, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { createProxyServer } from 'http-proxy';
import { canonicalName, endToEnd, type HeaderList } from './headers.ts';

export type Forward = {
  target: string;
  agent: HttpAgent;
  method: string;
  /** Path and query, sent as they are. */
  path: string;
  headers: HeaderList;
  connectMs: number;
};

export type HttpHandlers = {
  onResponse: (response: IncomingMessage) => void;
  onError: (error: Error) => void;
};

export type WebSocketHandlers = {
  onRequest: (upstreamRequest: ClientRequest) => void;
  /** The upstream's answer: 101, or whatever it said instead. */
  onAnswer: (status: number) => void;
  onError: (error: Error) => void;
};

type View = IncomingMessage & { handlers: Partial<HttpHandlers & WebSocketHandlers> };

// Methods for which Node's client frames no body by itself: handed over without a length, a body would be read by the
// upstream as its next request (CVE-2026-29057). `relay.ts` gives each such body a length first.
export const METHODS_WITHOUT_FRAMING = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

export type ProxyEngine = {
  /** Sends a request. `body` must be framed by the headers: a content-length, or transfer-encoding chunked. */
  web: (
    request: IncomingMessage,
    response: ServerResponse,
    forward: Forward,
    body: Readable,
    handlers: HttpHandlers,
  ) => void;
  ws: (request: IncomingMessage, socket: Duplex, head: Buffer, forward: Forward, handlers: WebSocketHandlers) => void;
};

export function createProxyEngine(): ProxyEngine {
  const proxy = createProxyServer({ selfHandleResponse: true, xfwd: false, changeOrigin: false, toProxy: true });
  proxy.on('proxyRes', (response, view) => (view as View).handlers.onResponse?.(response));
  proxy.on('proxyReqWs', (upstreamRequest, view) => {
    const { handlers } = view as View;
    handlers.onRequest?.(upstreamRequest);
    upstreamRequest.prependListener('upgrade', (response: IncomingMessage) => {
      response.headers = canonicalHeaders(response, ['Connection', 'Upgrade']);
      handlers.onAnswer?.(101);
    });
    upstreamRequest.prependListener('response', (response: IncomingMessage) => {
      response.headers = canonicalHeaders(response, ['Connection', 'close']);
      handlers.onAnswer?.(response.statusCode ?? 502);
    });
  });
  // The last resort: an error that belongs to no request any more. Without a listener it would end the process.
  proxy.on('error', (error, view) => (view as View | undefined)?.handlers?.onError?.(error));
  proxy.on('econnreset', () => {});

  return {
    web: (request, response, forward, body, handlers) => {
      const view = viewOf(request, forward, handlers, [['connection', 'keep-alive']]);
      proxy.web(view, response, { ...options(forward), buffer: body }, (error) => handlers.onError(error));
    },
    ws: (request, socket, head, forward, handlers) => {
      // Exactly `Upgrade`: the Python server compares the whole value.
      const view = viewOf(request, forward, handlers, [
        ['connection', 'Upgrade'],
        ['upgrade', 'websocket'],
      ]);
      proxy.ws(view, socket as Socket, head, options(forward), (error) => handlers.onError(error));
    },
  };
}

function options(forward: Forward) {
  return { target: forward.target, agent: forward.agent, connectTimeout: forward.connectMs };
}

/** What the engine reads of a request: our method, path and headers; the client's own socket and events. */
function viewOf(request: IncomingMessage, forward: Forward, handlers: View['handlers'], connection: HeaderList): View {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of [...forward.headers, ...connection]) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return {
    method: forward.method,
    url: forward.path,
    headers,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    socket: request.socket,
    on: request.on.bind(request),
    handlers,
  } as unknown as View;
}

// The engine writes these names as they stand here, to a device that may compare case.
function canonicalHeaders(response: IncomingMessage, connection: [string, string]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of endToEnd(response.rawHeaders)) {
    // The engine looks for this one in lower case, and frames by chunks where it misses it.
    const key = name.toLowerCase() === 'content-length' ? 'content-length' : canonicalName(name);
    const before = headers[key];
    headers[key] = before === undefined ? value : [before, value].flat();
  }
  if (response.statusCode === 101) headers.Upgrade = 'websocket';
  headers[connection[0]] = connection[1];
  return headers;
}
