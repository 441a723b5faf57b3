// Owns the look at each address that a reply hands out: the firmware, the WebSocket, the MQTT server.
import { setTimeout as wait } from 'node:timers/promises';
import type { Device, DownloadOutcome } from '../../device/device.ts';
import { type Link, parseLink, parseVoiceLink } from '../../device/link.ts';
import type { FirmwareSeen, Handshake, MqttSeen, Opening, Place, Reply, VoiceSeen } from '../facts.ts';
import { ask, askOn } from './ask.ts';
import { type Connection, connectAsDevice, type Times } from './connect.ts';
import type { Places } from './places.ts';
import { deviceFor, type Player } from './player.ts';

export type Looking = {
  places: Places;
  player: Player;
  times: Times;
  /** PEM; null for the public roots. */
  roots: readonly string[] | null;
  /** Fetch the whole image, as a device does. */
  download: boolean;
};

// Enough to see how large the records are.
const LOOK_BYTES = 48 * 1024;
const SEALED = /\/~[A-Za-z0-9_-]{40,}/;
// The console’s links: a UUID in place of a name, used up by looking.
const ONE_TIME = /\/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:[/?]|$)/i;

type Reached = { place: Place; opening: Opening | null; handshake: Handshake | null; connection: Connection | null };

async function reach(to: Link, { places, times }: Looking): Promise<Reached> {
  const place = await places.find(to.host);
  if (place.place === 'unknown') return { place, opening: null, handshake: null, connection: null };
  return { place, ...(await connectAsDevice(to, place.address, times)) };
}

/**
 * A firmware link. A look ends after its first bytes. A link of the gate’s own costs nothing that its offer did not
 * cost already; another one-time link is left alone, unless the whole is wanted.
 */
export async function lookAtFirmware(url: string, version: string, looking: Looking): Promise<FirmwareSeen> {
  const none: FirmwareSeen = {
    url,
    version,
    place: null,
    opening: null,
    handshake: null,
    look: null,
    download: null,
  };
  const link = parseLink(url, 'GET', 'legacy');
  if (link.link === 'bad') return none;
  const { connection, ...reached } = await reach(link.at, looking);
  const seen = { ...none, ...reached };
  if (connection === null) return seen;
  if (looking.download) {
    connection.close();
    const address = reached.place.place === 'known' ? reached.place.address : '';
    // A modem checks no certificate: the chain is judged from the handshake.
    const device = deviceFor({ generation: 'modem', version: '1.5.0' }, looking.player, () => address, null);
    return { ...seen, download: await downloadWithin(device, url) };
  }
  if (!SEALED.test(url) && ONE_TIME.test(link.at.path)) {
    connection.close();
    return { ...seen, look: 'one-time' };
  }
  const request = { method: 'GET', url, headers: {}, body: Buffer.alloc(0) } as const;
  return { ...seen, look: await askOn(connection, request, link.at, looking.times, LOOK_BYTES) };
}

/** As long as the slowest line takes for the largest image. */
const LONGEST_DOWNLOAD_MS = 15 * 60_000;

function downloadWithin(device: Device, url: string): Promise<DownloadOutcome> {
  const late = Promise.withResolvers<DownloadOutcome>();
  const because = `it has not ended within ${LONGEST_DOWNLOAD_MS / 60_000} minutes`;
  const timer = setTimeout(
    () => late.resolve({ outcome: 'failed', at: 'body', because, status: 200, bytes: 0 }),
    LONGEST_DOWNLOAD_MS,
  );
  return Promise.race([device.download(url), late.promise]).finally(() => clearTimeout(timer));
}

const HELLO = JSON.stringify({
  type: 'hello',
  version: 1,
  features: { mcp: true },
  transport: 'websocket',
  audio_params: { format: 'opus', sample_rate: 16_000, channels: 1, frame_duration: 60 },
});

/** Opens the conversation, and waits for the server’s hello. `token` is the one of the reply. */
export async function lookAtVoice(url: string, token: string | null, looking: Looking): Promise<VoiceSeen> {
  const none: VoiceSeen = { url, place: null, opening: null, handshake: null, hello: null };
  const link = parseVoiceLink(url);
  if (link.link === 'bad') return none;
  const { connection, ...reached } = await reach(link.at, looking);
  connection?.close();
  const seen = { ...none, ...reached };
  if (connection === null || reached.place.place === 'unknown') return seen;
  const { address } = reached.place;
  const device = deviceFor({ generation: 'modem', version: '1.8.2' }, looking.player, () => address, null);
  if (token !== null) device.flash.set('websocket.token', token);
  const outcome = await device.openVoice(url);
  if (outcome.outcome === 'failed') {
    const { status, because } = outcome;
    return { ...seen, hello: { hello: 'no-upgrade', status, because } };
  }
  const { voice } = outcome;
  voice.send(HELLO);
  const said = await Promise.race([voice.receive(), wait(looking.times.replyMs, 'late' as const, { ref: false })]);
  voice.close();
  if (said === 'late') {
    return { ...seen, hello: { hello: 'none', because: `nothing within ${looking.times.replyMs / 1000} s` } };
  }
  if (said === null) return { ...seen, hello: { hello: 'none', because: await voice.closed } };
  if (!said.binary && /"type"\s*:\s*"hello"/.test(said.data.toString('utf8')))
    return { ...seen, hello: { hello: 'heard' } };
  return { ...seen, hello: { hello: 'none', because: 'something else came first' } };
}

/** Devices speak TLS where the port is 8883, and only there. Without a port, that is the one. */
export async function lookAtMqtt(endpoint: string, looking: Looking): Promise<MqttSeen> {
  const [host = '', portText = '8883'] = endpoint.split(':', 2);
  const port = Number(portText);
  const none = { endpoint, host, port, place: null, opening: null, handshake: null };
  if (!(Number.isInteger(port) && port > 0 && port < 65_536) || !/^[\w.-]+$/.test(host)) return none;
  const { connection, ...reached } = await reach({ secure: port === 8883, host, port, path: '/' }, looking);
  connection?.close();
  return { ...none, ...reached };
}

/** What the server’s public configuration gives as its version. Only the server with the console has one. */
export async function askServerVersion(at: Link, address: string, times: Times): Promise<string | null> {
  const to = { ...at, path: '/xiaozhi/user/pub-config' };
  const request = { method: 'GET', url: '', headers: {}, body: Buffer.alloc(0) } as const;
  const asked = await ask(request, to, address, times, LOOK_BYTES);
  return asked.asked === 'replied' ? versionIn(asked.reply) : null;
}

function versionIn({ status, body }: Reply): string | null {
  if (status !== 200) return null;
  try {
    const version: unknown = JSON.parse(body.toString('utf8'))?.data?.version;
    return typeof version === 'string' && /^v?\d{1,5}(\.\d{1,5}){1,3}$/.test(version) ? version : null;
  } catch {
    return null;
  }
}
