// Owns one run: every target is looked at as a device looks at it, and what was seen is put together.
import { parseLink } from '../../device/link.ts';
import { readManifest } from '../../device/manifest.ts';
import type { Checked, ConsoleSeen, Place, Reply, RunFacts, Target, TargetFacts } from '../facts.ts';
import { askServerVersion, type Looking, lookAtFirmware, lookAtMqtt, lookAtVoice } from './addresses.ts';
import { ask } from './ask.ts';
import { connectAsDevice, type Times } from './connect.ts';
import { checkServerOta, checkServerWebsocket } from './console.ts';
import { Places } from './places.ts';
import { checkRequest, checkWithin, deviceFor, PLAYED, type Player } from './player.ts';

export type Wanted = {
  targets: readonly Target[];
  player: Player;
  /** Lower-case name to address, in place of the resolver’s answer. */
  resolve: ReadonlyMap<string, string>;
  /** PEM, in place of the public roots. */
  roots: readonly string[] | null;
  download: boolean;
  times: Times;
  /** Of the gate: where its listeners are reached from here, and the root of its local CA. Null for any other front. */
  gate: { http: Listener | null; https: Listener | null; localRoot: string | null } | null;
};

export type Listener = { address: string; port: number };

// The largest reply that a device takes.
const REPLY_BYTES = 64 * 1024;
/** The link that means "no update". */
const NO_UPDATE_LINK = 'NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL';

/** Never rejects: what could not be seen is in the facts, with its reason. */
export async function lookAtAll(wanted: Wanted): Promise<RunFacts> {
  const { player, times, download, gate, roots } = wanted;
  const looking: Looking = { places: new Places(wanted.resolve), player, times, roots, download };
  const targets: TargetFacts[] = [];
  // One after the other: a front that counts requests must not take this for an attack.
  for (const target of wanted.targets) targets.push(await lookAt(target, looking, gate));
  const first = targets.find(({ opening }) => opening?.opened === 'yes');
  const serverVersion =
    first?.place.place === 'known' ? await askServerVersion(first.target.at, first.place.address, times) : null;
  return { targets, serverVersion, localRoot: gate?.localRoot ?? null };
}

async function lookAt(target: Target, looking: Looking, gate: Wanted['gate']): Promise<TargetFacts> {
  const { places, player, times } = looking;
  const place = await places.find(target.at.host);
  const none = { handshake: null, check: null, devices: [], firmware: null, voice: null, mqtt: null, console: [] };
  if (place.place === 'unknown') return { target, place, opening: null, ...none };
  const reached = await connectAsDevice(target.at, place.address, times);
  reached.connection?.close();
  let address = place.address;
  let from: Place = place;
  let { opening, handshake } = reached;
  if (opening.opened === 'no' && opening.at !== 'tls') {
    // The gate may well listen, and its public name not lead to it from here.
    const listener = (target.at.secure ? gate?.https : gate?.http) ?? null;
    if (listener === null || listener.port !== target.at.port || listener.address === address)
      return { target, place, opening, ...none };
    const inner = await connectAsDevice(target.at, listener.address, times);
    inner.connection?.close();
    if (inner.opening.opened === 'no') return { target, place, opening, ...none };
    from = places.redirect(target.at.host, listener.address, { failed: address, because: opening.because });
    address = listener.address;
    ({ opening, handshake } = inner);
  }
  if (opening.opened === 'no') return { target, place: from, opening, ...none };
  const check = await ask(checkRequest(target.url, player), target.at, address, times, REPLY_BYTES);
  const devices = await playAll(target, looking, gate);
  const seen = { target, place: from, opening, handshake, check, devices };
  if (check.asked === 'failed' || check.reply.status !== 200) {
    return { ...seen, firmware: null, voice: null, mqtt: null, console: [] };
  }
  const found = addressesIn(check.reply);
  return {
    ...seen,
    firmware:
      found.firmware === null ? null : await lookAtFirmware(found.firmware.url, found.firmware.version, looking),
    voice: found.voice === null ? null : await lookAtVoice(found.voice, found.token, looking),
    mqtt: found.mqtt === null ? null : await lookAtMqtt(found.mqtt, looking),
    console: await consoleChecks(target, address, found.voice, looking),
  };
}

/** A device of each generation asks, and does with the reply what it does. */
async function playAll(target: Target, looking: Looking, gate: Wanted['gate']): Promise<Checked[]> {
  const { player, places, roots } = looking;
  const place = await places.find(target.at.host);
  const address = place.place === 'known' ? place.address : '';
  // With the local CA's root, so that what comes after the handshake is seen; the chain is judged from the handshake.
  const trusted = roots ?? (gate?.localRoot ? [gate.localRoot] : null);
  return Promise.all(
    PLAYED.map(async (played) => {
      const outcome = await checkWithin(
        deviceFor(played, player, () => address, trusted),
        target.url,
      );
      return { ...played, outcome };
    }),
  );
}

type Addresses = {
  firmware: { url: string; version: string } | null;
  voice: string | null;
  token: string | null;
  mqtt: string | null;
};

function addressesIn({ body }: Reply): Addresses {
  const flash = new Map<string, string | number>();
  const read = readManifest(body, '0', flash);
  const text = (key: string): string | null => {
    const value = flash.get(key);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const { url, version } =
    read.manifest === 'update' || read.manifest === 'current' ? read : { url: null, version: null };
  const isLink = url !== null && url !== '' && !url.includes(NO_UPDATE_LINK);
  return {
    firmware: isLink ? { url, version: version ?? '' } : null,
    voice: text('websocket.url'),
    token: text('websocket.token'),
    mqtt: text('mqtt.endpoint'),
  };
}

/** The console's checks of this address, and of the WebSocket address that goes with it. */
async function consoleChecks(
  target: Target,
  address: string,
  voice: string | null,
  { places, roots, times }: Looking,
): Promise<ConsoleSeen[]> {
  const look = { roots: roots ?? [], withinMs: times.consoleMs };
  const ota = await checkServerOta(target.url, { ...look, address });
  const link = voice === null ? null : parseLink(voice.replace(/^ws/, 'http'), 'GET', 'current');
  if (voice === null || link?.link !== 'good') return [ota];
  const place = await places.find(link.at.host);
  if (place.place === 'unknown') return [ota];
  return [ota, await checkServerWebsocket(voice, { ...look, address: place.address })];
}
