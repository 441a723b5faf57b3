// Owns the judgement of the addresses that a reply hands out: whether a device can use each, and what it finds there.
import { isIP } from 'node:net';
import type { DownloadOutcome } from '../../device/device.ts';
import { type Link, parseLink, parseVoiceLink } from '../../device/link.ts';
import { judgeHead } from '../../ota/image.ts';
import { compileNetworks, isLoopback, PRIVATE_NETWORKS } from '../../policy/networks.ts';
import type { FirmwareSeen, MqttSeen, Opening, Place, Reply, Target, VoiceSeen } from '../facts.ts';
import { headerOf, isChunked } from '../probe/ask.ts';
import { type Against, judgeChain } from './chain.ts';
import { type Finding, fault, note, warning } from './code.ts';
import { hasCanonicalLength, lengthName } from './reply.ts';

const isPrivate = compileNetworks(PRIVATE_NETWORKS);

export function judgeFirmware(target: Target, from: Place, seen: FirmwareSeen | null, against: Against): Finding[] {
  if (seen === null) return [note('firmware-none', target.url)];
  const { url, look, download } = seen;
  const link = parseLink(url, 'GET', 'legacy');
  if (link.link === 'bad') return [fault('address-bad', url, { field: 'firmware.url', because: link.because })];
  const scheme = target.at.secure && !link.at.secure ? [fault('link-scheme', url, { field: 'firmware.url' })] : [];
  const way = judgeWay('firmware.url', url, link.at, target, from, seen);
  if (way.length > 0) return [...scheme, ...way];
  const chain = judgeChain(link.at, 'main', seen.handshake, typeof look === 'object' ? look : null, against);
  if (download !== null) return [...scheme, ...chain, ...judgeDownload(seen, download)];
  if (look === 'one-time') return [...scheme, ...chain, note('firmware-left-alone', url)];
  if (look === null) return [...scheme, ...chain];
  if (look.asked === 'failed') return [...scheme, ...chain, fault('firmware-no-reply', url, { because: look.because })];
  return [...scheme, ...chain, ...judgeImage(seen, look.reply)];
}

function judgeImage({ url, version }: FirmwareSeen, reply: Reply): Finding[] {
  const status = String(reply.status);
  if (reply.status >= 300 && reply.status < 400) {
    return [fault('firmware-redirect', url, { status, location: headerOf(reply, 'location') ?? '' })];
  }
  if (reply.status !== 200) return [fault('firmware-status', url, { status })];
  if (isChunked(reply)) return [fault('firmware-chunked', url)];
  const length = Number(headerOf(reply, 'content-length') ?? Number.NaN);
  if (!(length > 0)) return [fault('firmware-no-length', url)];
  const names = hasCanonicalLength(reply) ? [] : [warning('firmware-header-case', url, { name: lengthName(reply) })];
  const head = judgeHead(reply.body, length);
  if (head.kind === 'merged') return [...names, fault('firmware-merged', url)];
  if (head.kind === 'unfit') return [...names, fault('firmware-no-image', url, { because: head.why })];
  if (head.kind === 'app' && head.facts.version !== version) {
    return [...names, fault('firmware-version', url, { promised: version, image: head.facts.version })];
  }
  return names;
}

function judgeDownload({ url, version }: FirmwareSeen, download: DownloadOutcome): Finding[] {
  switch (download.outcome) {
    case 'valid': {
      const { bytes, elapsedMs } = download;
      if (download.version !== version) {
        return [fault('firmware-version', url, { promised: version, image: download.version })];
      }
      const seconds = (elapsedMs / 1000).toFixed(1);
      return [note('firmware-whole', url, { bytes: String(bytes), seconds, version })];
    }
    case 'skipped':
      return [fault('firmware-version', url, { promised: version, image: download.version })];
    case 'crashed':
      return [fault('firmware-broken', url, { because: download.because })];
    case 'failed': {
      const { at, because, status } = download;
      if (at === 'length') return [fault('firmware-no-length', url)];
      if (at !== 'status' || status === null) return [fault('firmware-broken', url, { because })];
      const code = status >= 300 && status < 400 ? 'firmware-redirect' : 'firmware-status';
      return [fault(code, url, { status: String(status), location: '' })];
    }
  }
}

export function judgeVoice(
  target: Target,
  from: Place,
  seen: VoiceSeen | null,
  hasMqtt: boolean,
  against: Against,
): Finding[] {
  if (seen === null) return hasMqtt ? [] : [warning('voice-none', target.url)];
  const { url, hello } = seen;
  const link = parseVoiceLink(url);
  if (link.link === 'bad') return [fault('address-bad', url, { field: 'websocket.url', because: link.because })];
  const way = judgeWay('websocket.url', url, link.at, target, from, seen);
  const scheme = target.at.secure && !link.at.secure ? [warning('voice-plain', url)] : [];
  if (way.length > 0) return [...way, ...scheme];
  const chain = judgeChain(link.at, 'main', seen.handshake, null, against);
  if (hello === null || hello.hello === 'heard') return [...chain, ...scheme];
  const { because } = hello;
  if (hello.hello === 'none') return [...chain, ...scheme, warning('voice-no-hello', url, { because })];
  return [...chain, ...scheme, fault('voice-no-upgrade', url, { because })];
}

export function judgeMqtt(target: Target, from: Place, seen: MqttSeen | null, against: Against): Finding[] {
  if (seen === null) return [];
  const { endpoint, host, port, place, opening } = seen;
  if (place === null) return [fault('address-bad', endpoint, { field: 'mqtt.endpoint', because: endpoint })];
  const to = { secure: port === 8883, host, port, path: '/' };
  if (to.secure && opening?.opened === 'no' && opening.at === 'tls') {
    return [fault('mqtt-no-tls', endpoint, { because: opening.because })];
  }
  const way = judgeWay('mqtt.endpoint', endpoint, to, target, from, seen);
  const scheme = target.at.secure && !to.secure ? [warning('mqtt-plain', endpoint)] : [];
  return [...way, ...(way.length > 0 ? [] : judgeChain(to, 'main', seen.handshake, null, against)), ...scheme];
}

/** Whether a device that reached the target reaches this, too. */
function judgeWay(
  field: string,
  url: string,
  to: Link,
  target: Target,
  from: Place,
  { place, opening }: { place: Place | null; opening: Opening | null },
): Finding[] {
  if (isInner(to.host, place, target.at.host, from)) return [fault('address-inner', url, { field, host: to.host })];
  if (place?.place === 'unknown') return [fault('address-unknown', url, { field, host: to.host })];
  if (opening?.opened !== 'no') return [];
  if (opening.at === 'tls') return [fault('tls-failed', url, { address: to.host, because: opening.because })];
  return [fault('address-closed', url, { field, because: opening.because })];
}

/**
 * Whether an address is good inside of a machine or a LAN alone, and the target is not there: loopback, a name that
 * only containers know, a private address behind a public one, or an address of Docker's own networks (172.16/12).
 */
function isInner(host: string, place: Place | null, targetHost: string, from: Place): boolean {
  if (host.toLowerCase() === targetHost.toLowerCase()) return false;
  const base = from.place === 'known' ? from.address : '';
  const address = isIP(host) > 0 ? host : place?.place === 'known' ? place.address : '';
  if (address === base) return false;
  if (isIP(host) === 0 && (!host.includes('.') || /\.(internal|docker)$/i.test(host))) return true;
  if (address === '') return false;
  if (isLoopback(address)) return !isLoopback(base);
  if (!isPrivate(address)) return false;
  // A name that leads to this machine itself says nothing of where devices are.
  if (isLoopback(base)) return isDockers(address);
  return !isPrivate(base) || (isDockers(address) && !sameNetwork(address, base));
}

const isDockers = compileNetworks(['172.16.0.0/12']);

function sameNetwork(a: string, b: string): boolean {
  return a.split('.', 2).join('.') === b.split('.', 2).join('.');
}
