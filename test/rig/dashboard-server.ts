// Owns a stand-in for the gate's admin listener: the dashboard's files under the real policy, and the API over made-up
// state that changes. For walks through the page where no gate is needed.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { DashboardApi, sendJson } from './dashboard-api.ts';
import { type EventRing, sendEvents } from './event-ring.ts';

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export type DashboardRig = {
  base: string;
  token: string;
  /** A token that may look, and change nothing. */
  readToken: string;
  api: DashboardApi;
  events: EventRing;
  /** From now on, connections are cut: as if the gate had gone. */
  away: (gone: boolean) => void;
  /** Only the stream of events is cut and refused; everything else answers. */
  mute: (muted: boolean) => void;
  close: () => Promise<void>;
};

/** @param folder where the built dashboard is */
export async function startDashboard(folder: string, { port = 0, devices = 10_000 } = {}): Promise<DashboardRig> {
  const token = randomBytes(16).toString('hex');
  const readToken = randomBytes(16).toString('hex');
  const sessions = new Map<string, { role: 'admin' | 'read'; csrf: string }>();
  const api = new DashboardApi(devices);
  const streams = new Set<ServerResponse>();
  let gone = false;
  let muted = false;

  const server = createServer((request, response) => {
    if (gone) {
      request.socket.destroy();
      return;
    }
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    response.setHeader('Content-Security-Policy', POLICY);
    if (!url.pathname.startsWith('/api/v1/')) return sendFile(folder, url.pathname, response);
    const path = url.pathname.slice('/api/v1/'.length);
    const method = request.method ?? 'GET';
    if (path === 'login' && method === 'POST')
      return login(JSON.parse((await bodyOf(request)).toString()).token, response);
    const session = sessions.get(/otagate_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
    if (session === undefined) return sendJson(response, 401, { code: 'SIGNED_OUT', detail: 'sign in first' });
    if (path === 'session') return sendJson(response, 200, { ...session, version: '0.2.0' });
    if (method !== 'GET') {
      if (request.headers['x-otagate-csrf'] !== session.csrf)
        return sendJson(response, 403, { code: 'CSRF', detail: 'the CSRF header is missing' });
      if (session.role === 'read' && path !== 'logout')
        return sendJson(response, 403, { code: 'READ_ONLY', detail: 'this token may only look' });
    }
    if (path === 'logout') {
      sessions.clear();
      return sendJson(response, 200, {});
    }
    if (path === 'events') {
      if (muted) return void response.destroy();
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return sendEvents(api.events, request, response);
    }
    return api.answer(method, path, url.searchParams, await bodyOf(request), response);
  }

  function login(given: unknown, response: ServerResponse): void {
    const role = given === token ? 'admin' : given === readToken ? 'read' : null;
    if (role === null) {
      sendJson(response, 401, { code: 'TOKEN_WRONG', detail: 'no such token' });
      return;
    }
    const id = randomBytes(16).toString('hex');
    sessions.set(id, { role, csrf: randomBytes(8).toString('hex') });
    response.setHeader('Set-Cookie', `otagate_session=${id}; HttpOnly; SameSite=Strict; Path=/`);
    sendJson(response, 200, { role });
  }

  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  const cutStreams = (): void => {
    for (const stream of streams) stream.destroy();
  };
  return {
    base: `http://127.0.0.1:${own}`,
    token,
    readToken,
    api,
    events: api.events,
    away: (now) => {
      gone = now;
      if (now) server.closeAllConnections();
    },
    mute: (now) => {
      muted = now;
      if (now) cutStreams();
    },
    close: () => {
      api.stop();
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

/** What is no file is a page: the dashboard reads its own address. */
function sendFile(folder: string, path: string, response: ServerResponse): void {
  const file = resolve(folder, `.${path}`);
  const inside = file.startsWith(resolve(folder) + sep) && existsSync(file) && statSync(file).isFile();
  const chosen = inside ? file : join(folder, 'index.html');
  response.setHeader('Content-Type', TYPES[extname(chosen)] ?? 'application/octet-stream');
  response.end(readFileSync(chosen));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
