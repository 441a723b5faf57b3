// Owns a front that is not otagate: a server for the check, the firmware, the WebSocket and MQTT, that can be broken.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecure, type Server as SecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTls } from 'node:tls';
import { WebSocketServer } from 'ws';
import { buildImage } from '../../src/demo/image.ts';
import { type Issued, issue } from '../tls/issue.ts';

export const FRONT_HOST = 'ota.test';
export const MQTT_HOST = 'mqtt.test';
/** Devices speak TLS to MQTT on this very port: each run takes it on a loopback address of its own. */
const MQTT_PLACE = { host: ownLoopback(), port: 8883 };

export type FrontReply = {
  server_time?: { timestamp: number };
  firmware?: { version: string; url: string };
  websocket?: { url: string; token: string };
  mqtt?: { endpoint: string; client_id: string };
} & Record<string, unknown>;

export type Front = {
  url: string;
  port: number;
  /** What the commands need to find it and to trust it. */
  args: string[];
  /** Requests for the firmware. */
  downloads: () => number;
  /** Device-Ids that came. */
  devices: ReadonlySet<string>;
};

export type FrontOptions = {
  /** Leaf first. Left out: a sound one. */
  chain?: Issued[];
  reply?: (sound: FrontReply, port: number) => FrontReply;
  /** Takes a request in place of what a sound front does with it; true where it did. */
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The file of the roots that clients trust. */
  roots: string;
  secure?: boolean;
  mqtt?: 'tls' | 'plain';
};

const VERSION = '2.0.1';
const image = buildImage({ version: VERSION, size: 200_000, seed: 'front' });

const root = issue({ name: 'Front root', ca: true });
export const intermediate = issue({ name: 'Front intermediate', ca: true, by: root });
export const ROOT_PEM = root.pem;

/** A loopback address that no other run uses. */
export function ownLoopback(): string {
  return `127.${randomInt(64, 128)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
}

/** A leaf of the front's authority, for its names unless said. */
export function leaf(wish: { hosts?: string[]; until?: Date } = {}): Issued {
  return issue({
    name: 'front',
    by: intermediate,
    namesIssuer: true,
    hosts: wish.hosts ?? [FRONT_HOST, MQTT_HOST],
    ...(wish.until === undefined ? {} : { from: new Date(0), until: wish.until }),
  });
}

/** Listens on 127.0.0.1 until the test ends. */
export async function startFront(t: Pick<TestContext, 'after'>, options: FrontOptions): Promise<Front> {
  const chain = options.chain ?? [leaf(), intermediate];
  const tls = { cert: chain.map(({ pem }) => pem).join(''), key: chain[0]?.keyPem ?? '' };
  const { secure = true, mqtt = 'tls' } = options;
  const devices = new Set<string>();
  let downloads = 0;
  let port = 0;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (options.handle?.(request, response) === true) return;
    if (request.url === '/xiaozhi/ota/') {
      if (request.method === 'GET') return void send(response, 'text/plain', Buffer.from('OTA interface is well'));
      devices.add(String(request.headers['device-id']));
      request.resume();
      const body = JSON.stringify((options.reply ?? ((sound) => sound))(soundReply(port, secure), port));
      return void send(response, 'application/json', Buffer.from(body));
    }
    if (request.url?.startsWith('/fw/')) {
      downloads += 1;
      return void send(response, 'application/octet-stream', image);
    }
    response.writeHead(404, { 'Content-Length': '0' }).end();
  };
  // Small records, as devices want them.
  const server: SecureServer | Server = secure ? createSecure(tls, onRequest) : createPlain(onRequest);
  if (secure) server.on('secureConnection', (socket) => socket.setMaxSendFragment(4096));
  const voice = new WebSocketServer({ server: server as SecureServer, path: '/xiaozhi/v1/' });
  voice.on('connection', (socket) => {
    socket.on('message', (data) => {
      if (String(data).includes('"hello"')) socket.send(JSON.stringify({ type: 'hello', transport: 'websocket' }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  const broker =
    mqtt === 'tls'
      ? createTls(tls)
      : createTcp((socket) =>
          socket
            .on('error', () => {})
            .resume()
            .end(' \u0002\u0000\u0005'),
        );
  broker.on('tlsClientError', () => {});
  broker.listen(MQTT_PLACE);
  await once(broker, 'listening');
  t.after(async () => {
    for (const client of voice.clients) client.terminate();
    (server as SecureServer).closeAllConnections();
    await Promise.all([server, broker].map((one) => new Promise((done) => one.close(done))));
  });
  return {
    url: `${secure ? 'https' : 'http'}://${FRONT_HOST}:${port}/xiaozhi/ota/`,
    port,
    args: [
      '--ca',
      options.roots,
      '--resolve',
      `${FRONT_HOST}=127.0.0.1`,
      '--resolve',
      `${MQTT_HOST}=${MQTT_PLACE.host}`,
    ],
    downloads: () => downloads,
    devices,
  };
}

function soundReply(port: number, secure: boolean): FrontReply {
  const s = secure ? 's' : '';
  return {
    server_time: { timestamp: 1_795_346_793_698 },
    firmware: { version: VERSION, url: `http${s}://${FRONT_HOST}:${port}/fw/front_${VERSION}.bin` },
    websocket: { url: `ws${s}://${FRONT_HOST}:${port}/xiaozhi/v1/`, token: 'a-token' },
    mqtt: { endpoint: `${MQTT_HOST}:8883`, client_id: 'GID' },
  };
}

function send(response: ServerResponse, type: string, body: Buffer): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length }).end(body);
}
