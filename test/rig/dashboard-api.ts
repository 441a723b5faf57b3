// Owns the admin API of the dashboard's stand-in: answers over made-up state, and the changes that it goes through.
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEntry, Image, Opening, OpeningAsk, Progress, RenewalStep } from '../../src/dashboard/api.ts';
import { answerDoctor } from './dashboard-doctor.ts';
import { Fleet } from './dashboard-fleet.ts';
import {
  makeAudit,
  makeFirmware,
  makeLine,
  makeOpenings,
  makePoint,
  makePoints,
  makeRollout,
  makeStatus,
} from './dashboard-world.ts';
import { EventRing } from './event-ring.ts';

const POINT_EVERY_MS = 5_000;
const LINE_EVERY_MS = 300;

export class DashboardApi {
  readonly events = new EventRing();
  readonly fleet: Fleet;
  readonly status;
  readonly firmware;
  openings: Opening[];
  #audit: AuditEntry[];
  #points;
  #lines;
  #timers: NodeJS.Timeout[];
  #next = 1_000;

  constructor(devices: number) {
    const nowMs = Date.now();
    this.fleet = new Fleet(devices, nowMs);
    this.status = makeStatus(nowMs);
    this.firmware = makeFirmware(nowMs);
    this.openings = makeOpenings(nowMs);
    this.#audit = makeAudit(nowMs);
    this.#points = makePoints(nowMs);
    this.#lines = Array.from({ length: 300 }, (_, number) => makeLine(number, nowMs - (300 - number) * 700));
    this.#timers = [
      setInterval(() => this.tellPoint(), POINT_EVERY_MS),
      setInterval(() => this.#tellLine(), LINE_EVERY_MS),
      setInterval(() => this.#endOpenings(), 200),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** A device changes, and the page hears of it. */
  moveDevice(...change: Parameters<Fleet['change']>): void {
    this.events.add('device', this.fleet.change(...change));
  }

  async answer(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const [first = '', ...rest] = path.split('/');
    const [id = '', act = ''] = rest.map(decodeURIComponent);
    const asked = `${method} ${first}`;
    if (asked === 'GET status') return sendJson(response, 200, this.status);
    if (asked === 'GET traffic') return sendJson(response, 200, { everyMs: 5_000, points: this.#points });
    if (asked === 'GET log') return sendJson(response, 200, this.#lines.slice(-Number(query.get('limit') ?? 500)));
    if (asked === 'GET audit') return sendJson(response, 200, this.#auditPage(query));
    if (asked === 'GET openings') return sendJson(response, 200, this.openings);
    if (asked === 'POST openings') return this.#open(JSON.parse(body.toString()), response);
    if (asked === 'DELETE openings') return sendJson(response, 200, this.#close(id, 'closed', 'page'));
    if (asked === 'GET certificates') return sendJson(response, 200, { pem: '-----BEGIN CERTIFICATE-----\n' });
    if (asked === 'POST certificates') {
      tell(response, { step: 'ordering' });
      tell(response, { step: 'done', kept: [], renewed: ['ota.example.com'], faults: [] });
      return void response.end();
    }
    if (asked === 'GET devices' && rest.length === 0) return sendJson(response, 200, this.fleet.page(query));
    if (asked === 'GET devices') {
      const found = this.fleet.find(id);
      return sendJson(
        response,
        found === null ? 404 : 200,
        found ?? { code: 'DEVICE_UNKNOWN', detail: 'no such device' },
      );
    }
    if (first === 'rollouts') return this.#answerRollouts(id, act, response);
    if (first === 'doctor') return sendJson(response, 200, answerDoctor(id, query, body));
    if (first === 'firmware') return this.#answerFirmware(method, id, act, query, body, response);
    sendJson(response, 404, { code: 'ROUTE_NOT_FOUND', detail: `no ${method} /api/v1/${path}` });
  }

  #answerRollouts(id: string, device: string, response: ServerResponse): void {
    const rollout = makeRollout(Date.now());
    const told = { device, known: true, board: 'bread-compact-wifi', version: '2.4.2', offered: '2.4.3' };
    const why = 'rollout spring lets 2.4.3 through';
    const explained = { ...told, action: 'pass', why, admitted: null, trail: [] };
    const listed = id === '' || id === 'offer';
    sendJson(response, 200, id === 'explain' ? explained : listed ? [rollout] : rollout);
  }

  async #answerFirmware(
    method: string,
    id: string,
    act: string,
    query: URLSearchParams,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const { firmware } = this;
    const at = firmware.images.findIndex(({ sha256 }) => sha256 === id);
    const image = firmware.images[at];
    if (method === 'GET' && id === '') return sendJson(response, 200, firmware);
    if (method === 'POST' && id === '') {
      if (body.subarray(0, 4).toString() === 'BAD!')
        return sendJson(response, 422, { code: 'FIRMWARE_CORRUPT', detail: 'its checksum is 0x3f, not 0xef' });
      return sendJson(response, 200, this.#add(query.get('fileName') ?? '', body.length, body));
    }
    if (method === 'POST' && id === 'verify') return this.#verify(JSON.parse(body.toString()).id, response);
    if (method === 'POST' && (id === 'fetch' || id === 'warm'))
      return this.#fetch(String(JSON.parse(body.toString()).url ?? 'https://up.test/warm_2.4.3.bin'), response);
    if (image === undefined) return sendJson(response, 404, { code: 'FIRMWARE_UNKNOWN', detail: 'no such image' });
    if (method === 'DELETE') firmware.images.splice(at, 1);
    else if (act === 'pin') firmware.images[at] = { ...image, pinned: JSON.parse(body.toString()).pinned };
    else if (act === 'extract') this.#add(image.fileName.replace('.bin', '-app.bin'), 2_000_000, Buffer.from(id));
    sendJson(response, 200, image);
  }

  #add(fileName: string, length: number, bytes: Buffer): Image {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const nowMs = Date.now();
    const facts = { chip: 'esp32s3', version: '2.4.3', builtAt: 'Nov 23 2026 09:00:00', idfVersion: 'v5.5.1' };
    const image = { sha256, kind: 'app', length, fileName, facts, pinned: false, addedMs: nowMs, offeredMs: nowMs };
    const listed = { ...image, checked: true, current: false };
    this.firmware.images.unshift(listed);
    this.firmware.bytes += length;
    this.#note('firmware-added', 'page', `${fileName} ${sha256.slice(0, 12)}`);
    return listed;
  }

  async #verify(id: string | undefined, response: ServerResponse): Promise<void> {
    for (const image of this.firmware.images.filter(({ sha256 }) => id === undefined || sha256 === id)) {
      await sleep(120);
      tell(response, { step: 'well', what: image.fileName, detail: 'its bytes are right' });
      image.checked = true;
    }
    response.end();
  }

  async #fetch(url: string, response: ServerResponse): Promise<void> {
    const fileName = url.split('/').at(-1) ?? '';
    if (!url.includes('.test/')) {
      tell(response, {
        step: 'failed',
        what: url,
        detail: `${new URL(url).origin} is neither an upstream nor in firmware.allow`,
      });
      return void response.end();
    }
    const length = 2_500_000;
    for (let have = 0; have < length; have += 250_000) {
      this.firmware.fills = [{ id: 'fill-1', fileName, have, length }];
      this.events.add('fill', this.firmware.fills[0]);
      tell(response, { step: 'bytes', have, length });
      await sleep(100);
    }
    this.firmware.fills = [];
    tell(response, { step: 'image', image: this.#add(fileName, length, Buffer.from(url)) });
    this.events.add('fill', { id: 'fill-1', fileName, have: length, length });
    response.end();
  }

  #open(ask: OpeningAsk, response: ServerResponse): void {
    if (!['ota', 'firmware'].includes(ask.route)) {
      const detail = `there is no route "${ask.route}". What can be opened, here: ota, firmware`;
      sendJson(response, 409, { code: 'OPENING_REFUSED', detail });
      return;
    }
    this.#next += 1;
    const nowMs = Date.now();
    const { route, from, reason, durationMs } = ask;
    const opening = {
      id: `open-${this.#next}`,
      route,
      from,
      openedMs: nowMs,
      untilMs: nowMs + durationMs,
      reason,
      declared: false,
      openedBy: 'page',
      startMs: null,
      closeAfter: ask.closeAfter,
      uses: 0,
      devices: 0,
      upgraded: 0,
    };
    this.openings = [...this.openings, opening];
    this.#note('opened', 'page', `${opening.id} of route ${route}: ${reason}`);
    this.events.add('opening', opening);
    sendJson(response, 200, opening);
  }

  #close(id: string, what: string, who: string): Opening[] {
    const closed = this.openings.filter((opening) => opening.id === id || opening.route === id);
    this.openings = this.openings.filter((opening) => !closed.includes(opening));
    for (const opening of closed) {
      this.#note(what, who, `${opening.id} of route ${opening.route}: ${opening.reason}`);
      this.events.add('opening', opening);
    }
    return closed;
  }

  #endOpenings(): void {
    const nowMs = Date.now();
    for (const { id, untilMs } of this.openings) if (untilMs <= nowMs) this.#close(id, 'ended', 'gate');
  }

  #note(what: string, who: string, detail: string): void {
    this.#next += 1;
    this.#audit = [{ id: this.#next, atMs: Date.now(), what, who, detail }, ...this.#audit];
  }

  #auditPage(query: URLSearchParams): AuditEntry[] {
    const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY);
    return this.#audit.filter(({ id }) => Number(id) < before).slice(0, Number(query.get('limit') ?? 200));
  }

  /** A point of traffic now; with so many bytes, where they are given. */
  tellPoint(bytes?: number): void {
    const made = makePoint(Date.now());
    const point = bytes === undefined ? made : { ...made, bytes };
    this.#points = [...this.#points.slice(-719), point];
    this.events.add('traffic', point);
  }

  #tellLine(): void {
    this.#next += 1;
    const line = makeLine(this.#next, Date.now());
    this.#lines = [...this.#lines.slice(-499), line];
    this.events.add('log', line);
  }
}

function tell(response: ServerResponse, progress: Progress | RenewalStep): void {
  if (!response.headersSent) response.setHeader('Content-Type', 'application/x-ndjson');
  response.write(`${JSON.stringify(progress)}\n`);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}
