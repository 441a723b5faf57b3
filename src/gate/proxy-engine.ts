// Owns http-proxy, the engine that carries requests and WebSockets to upstreams, and all that has to be kept from it.
// It gets a view of the request instead of the request: it reads headers from it, and sometimes changes them.
import type { Agent as HttpAgent, IncomingMessage, ServerResponse, ClientRequest as UpstreamRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { createProxyServer } from 'http-proxy';
import type { ClientRequest, ClientResponse } from './client.ts';
import { canonicalName, endToEnd, type HeaderList } from './headers.ts';
import { join, laterListeners } from './joined-sockets.ts';

export type Forward = {
  /** An origin, or the Unix socket of a server on this machine. */
  target: string | { socketPath: string };
  agent: HttpAgent;
  method: string;
  /** Path and query, sent as they are. */
  path: string;
  headers: HeaderList;
  connectMs: number;
};

export type HttpHandlers = {
  /** The engine gives an upstream up where the client leaves; in every other case that is the caller's to do. */
  onRequest: (upstreamRequest: UpstreamRequest) => void;
  onResponse: (response: IncomingMessage) => void;
  onError: (error: Error) => void;
};

export type WebSocketHandlers = {
  onRequest: (upstreamRequest: UpstreamRequest) => void;
  /** The handshake is done, and the engine has let go: from here on the two sockets carry each other's bytes. */
  onUpgrade: (upstreamSocket: Duplex) => void;
  /** What the upstream said instead of 101: not read yet. */
  onResponse: (response: IncomingMessage) => void;
  onError: (error: Error) => void;
};

type View = IncomingMessage & {
  handlers: Partial<HttpHandlers & WebSocketHandlers>;
  /** What comes behind the engine's handshake. */
  takeOver?: (upstreamSocket: Duplex) => void;
};

// Methods for which Node's client frames no body by itself: handed over without a length, a body would be read by the
// upstream as its next request (CVE-2026-29057). `relay.ts` gives each such body a length first.
export const METHODS_WITHOUT_FRAMING = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

export type ProxyEngine = {
  /** Sends a request. `body` must be framed by the headers: a content-length, or transfer-encoding chunked. */
  web: (
    request: ClientRequest,
    response: ClientResponse,
    forward: Forward,
    body: Readable,
    handlers: HttpHandlers,
  ) => void;
  ws: (request: ClientRequest, socket: Duplex, head: Buffer, forward: Forward, handlers: WebSocketHandlers) => void;
};

export function createProxyEngine(): ProxyEngine {
  const proxy = createProxyServer({ selfHandleResponse: true, xfwd: false, changeOrigin: false, toProxy: true });
  proxy.on('proxyRes', (response, view) => (view as View).handlers.onResponse?.(response));
  proxy.on('proxyReq', (upstreamRequest, view) => (view as View).handlers.onRequest?.(upstreamRequest));
  proxy.on('proxyReqWs', (upstreamRequest, view) => {
    const { handlers } = view as View;
    handlers.onRequest?.(upstreamRequest);
    let notOurs: (() => void) | null = null;
    upstreamRequest.prependListener('upgrade', (response: IncomingMessage, upstreamSocket: Duplex) => {
      response.headers = switchingHeaders(response);
      notOurs = laterListeners(upstreamSocket);
    });
    // Behind the engine's own listeners, which are there once it has been called: it would copy such a response without
    // back-pressure, and forget the client where the response breaks off.
    process.nextTick(() => {
      upstreamRequest.removeAllListeners('response').once('response', handlers.onResponse ?? discard);
      // Nor may it close the client's socket before we have said why, or asked another server.
      upstreamRequest.removeAllListeners('error').on('error', handlers.onError ?? (() => {}));
      upstreamRequest.once('upgrade', (_: IncomingMessage, upstreamSocket: Duplex) => {
        notOurs?.();
        (view as View).takeOver?.(upstreamSocket);
      });
    });
  });
  // The last resort: an error that belongs to no request any more. Without a listener it would end the process.
  proxy.on('error', (error, view) => (view as View | undefined)?.handlers?.onError?.(error));
  proxy.on('econnreset', () => {});

  return {
    web: (request, response, forward, body, handlers) => {
      const view = viewOf(request, forward, handlers, [['connection', 'keep-alive']]);
      // Of a response it asks whether it was closed before its end, and nothing else.
      proxy.web(view, response as ServerResponse, { ...options(forward), buffer: body }, (error) =>
        handlers.onError(error),
      );
    },
    ws: (request, socket, head, forward, handlers) => {
      // Exactly `Upgrade`: the Python server compares the whole value.
      const view = viewOf(request, forward, handlers, [
        ['connection', 'Upgrade'],
        ['upgrade', 'websocket'],
      ]);
      const notOurs = laterListeners(socket);
      view.takeOver = (upstreamSocket) => {
        notOurs();
        handlers.onUpgrade(upstreamSocket);
        join(socket, upstreamSocket);
      };
      proxy.ws(view, socket as Socket, head, options(forward), (error) => handlers.onError(error));
    },
  };
}

function options(forward: Forward) {
  const { target, agent, connectMs } = forward;
  // The engine wants a host and a port in any case; where there is a socket, nobody is looked up by them.
  const place = typeof target === 'string' ? target : { host: 'localhost', port: 80, ...target };
  return { target: place, agent, connectTimeout: connectMs };
}

/** What the engine reads of a request: our method, path and headers; the client's own socket and events. */
function viewOf(request: ClientRequest, forward: Forward, handlers: View['handlers'], connection: HeaderList): View {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of [...forward.headers, ...connection]) {
    const before = headers[name];
    // Thousands of one name are possible: each a push, not a copy of all before it.
    if (Array.isArray(before)) before.push(value);
    else headers[name] = before === undefined ? value : [before, value];
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

function discard(response: IncomingMessage): void {
  response.destroy();
}

// The engine writes these names as they stand here, to a device that may compare case.
function switchingHeaders(response: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of endToEnd(response.rawHeaders)) {
    const key = canonicalName(name);
    const before = headers[key];
    headers[key] = before === undefined ? value : [before, value].flat();
  }
  return Object.assign(headers, { Upgrade: 'websocket', Connection: 'Upgrade' });
}
