// Owns a running admin interface for tests: its own doors over real sockets, with stand-ins for the gate behind it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent, type Dispatcher, request } from 'undici';
import type { AdminActions } from '../../src/control/admin/actions.ts';
import { type Admin, type AdminOptions, startAdmin } from '../../src/control/admin/admin.ts';
import type { AuditEntry } from '../../src/control/admin/audit.ts';
import { LiveFeed } from '../../src/control/admin/live-feed.ts';
import { LogRing } from '../../src/control/admin/log-ring.ts';
import { Tokens } from '../../src/control/admin/tokens.ts';
import { TrafficSeries } from '../../src/control/admin/traffic-series.ts';
import { standInActions } from './admin-stand-ins.ts';
import type { LogLine } from './gate.ts';

export type DoorName = 'socket' | 'tcp' | 'public';
export type Asked = {
  method?: Dispatcher.HttpMethod;
  headers?: Record<string, string>;
  body?: Dispatcher.DispatchOptions['body'];
};
export type Told = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: unknown;
};

export type AdminRig = {
  folder: string;
  admin: Admin;
  port: number;
  publicPath: string;
  tokens: { admin: string; read: string };
  feed: LiveFeed;
  logRing: LogRing;
  traffic: TrafficSeries;
  /** What the interface said of itself. */
  lines: LogLine[];
  audit: AuditEntry[];
  actions: AdminActions;
  /** Asks by a door. By `public` as a gate would relay it; headers replace these. */
  ask: (door: DoorName, path: string, asked?: Asked) => Promise<Told>;
  /** A session by this door: the headers that a page of ours sends with a change. */
  login: (door: DoorName, token: string) => Promise<{ cookie: string; csrf: string; headers: Record<string, string> }>;
  stop: () => Promise<void>;
};

export type RigOptions = Partial<Omit<AdminOptions, 'actions'>> & { actions?: Partial<AdminActions> };

/** `actions` stand in for those of the stand-ins that they name. */
export async function startAdminRig(options: RigOptions = {}): Promise<AdminRig> {
  const folder = mkdtempSync(join(tmpdir(), 'otagate-admin-'));
  const tokens = new Tokens(folder);
  const lines: LogLine[] = [];
  const log = pino({ base: { process: 'control' } }, { write: (text) => void lines.push(JSON.parse(text) as LogLine) });
  const dashboardFolder = join(folder, 'dashboard');
  const audit: AuditEntry[] = [];
  const actions = { ...standInActions(audit, folder), ...options.actions };
  const [socketPath, publicPath] = [join(folder, 'admin.sock'), join(folder, 'public-admin.sock')];
  const [feed, logRing, traffic] = [new LiveFeed(), new LogRing(), new TrafficSeries()];
  const admin = await startAdmin({
    socketPath,
    publicSocketPath: publicPath,
    tcp: [{ host: '127.0.0.1', port: 0 }],
    tokens,
    hosts: () => ['ota.test', '*.wild.test'],
    feed,
    logRing,
    traffic,
    log,
    version: '0.0.0-test',
    dashboardFolder,
    ...options,
    actions,
  });
  const port = admin.endpoints()[0]?.port ?? 0;
  const agents: Record<DoorName, Agent> = {
    socket: new Agent({ connect: { socketPath } }),
    tcp: new Agent(),
    public: new Agent({ connect: { socketPath: publicPath } }),
  };
  const relayed = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'ota.test', 'x-forwarded-for': '203.0.113.9' };
  const ask: AdminRig['ask'] = async (door, path, { method = 'GET', headers = {}, body } = {}) => {
    const origin = door === 'tcp' ? `http://127.0.0.1:${port}` : 'http://gate';
    const response = await request(`${origin}${path}`, {
      method,
      dispatcher: agents[door],
      headers: { ...(door === 'public' ? relayed : {}), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, json: asJson(text) };
  };
  return {
    folder,
    admin,
    port,
    publicPath,
    tokens: {
      admin: readFileSync(tokens.adminFile, 'utf8').trim(),
      read: readFileSync(tokens.readFile, 'utf8').trim(),
    },
    feed,
    logRing,
    traffic,
    lines,
    audit,
    actions,
    ask,
    login: async (door, token) => {
      const { status, headers, text } = await ask(door, '/api/v1/login', json({ token }));
      if (status !== 200) throw new Error(`no session: ${text}`);
      const cookie = String(headers['set-cookie']).split(';', 1)[0] ?? '';
      const { csrf } = (await ask(door, '/api/v1/session', { headers: { cookie } })).json as { csrf: string };
      return { cookie, csrf, headers: { cookie, 'x-otagate-csrf': csrf } };
    },
    stop: async () => {
      await Promise.all(Object.values(agents).map((agent) => agent.destroy()));
      await admin.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A POST of JSON. */
export function json(content: unknown, headers: Record<string, string> = {}): Asked {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(content),
  };
}

export function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** A dashboard as it is built, with a page and a file whose name changes with its content. */
export function builtDashboard(folder: string): string {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>the dashboard</title>');
  writeFileSync(join(folder, 'assets', 'app-1a2b.js'), 'document.title');
  return folder;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
