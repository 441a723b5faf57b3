// Owns the rewriting of an OTA reply: from the upstream's reply and the device's way to us, to the reply for it. Pure.
import type { OfferRule } from '../config/offers.ts';
import { parseReply, type ReplyText } from './reply-text.ts';
import { isSafeVersion } from './version.ts';

/** Java's way to say "no update"; devices know it, so it is neither rewritten nor ever fetched. */
export const NO_UPDATE_LINK = 'NOT_ACTIVATED_FIRMWARE_THIS_IS_A_INVALID_URL';

/** Where a firmware link may be fetched from, once judged: null means that it is not for us to fetch. */
export type FirmwareSource = { route: string; routePath: string; source: string; plainForGood: boolean };

export type ReplyContext = {
  /** The scheme by which this device came. */
  scheme: 'http' | 'https';
  /** The name of ours that goes into addresses, and the ports as the world sees them. */
  host: string;
  ports: { http: number; https: number; mqtts: number | null };
  /** Whether the device can trust our certificate: it came by https just now, or the chain is in ESP-IDF's bundle. */
  trusted: boolean;
  /** The opening through which a device came by plain HTTP. */
  opening: { id: string; endsMs: number } | null;
  /** What the device says it runs; for the shape of "no offer". */
  runningVersion: string | null;
  /** The device route that serves this path of a WebSocket address, or null. */
  voiceRoute: (path: string) => { plainForGood: boolean } | null;
  /** What becomes of the upstream's offer; also asked where there is none. */
  decide: (offered: UpstreamOffer | null) => OfferDecision;
  /** Versions that devices cannot parse go through (rule crashing-version is switched off). */
  allowsAnyVersion: boolean;
  /** How we would fetch this link, or null where it is neither an upstream's nor allowed. */
  firmwareSource: (link: URL) => FirmwareSource | null;
  /** Makes the token of a link, or null where it would be too long. `prefix` is all of the URL that stands before it. */
  seal: (source: FirmwareSource, offer: { version: string }, prefix: string) => string | null;
};

/** What the upstream offers. `version` is null where it names none; `source` where the link is none of ours. */
export type UpstreamOffer = { version: string | null; link: string; forced: boolean; source: FirmwareSource | null };

/** Why an offer is withheld: a rule, as many downloads as may run, or a rollout. */
export type WithheldBy = OfferRule | 'busy' | 'rollout';

export type OfferDecision =
  | { action: 'pass' }
  | { action: 'withhold'; rule: WithheldBy; why: string }
  /** Another image is offered, by a link of ours; `forced`: also where the device runs something newer. */
  | { action: 'replace'; version: string; source: FirmwareSource; forced: boolean; why: string };

export type Change = { field: string; from: string; to: string; why: string };

export type RewrittenReply = {
  kind: 'rewritten' | 'unchanged' | 'not-json';
  body: Buffer;
  changes: Change[];
  warnings: string[];
  /** What the device is offered; null for nothing. */
  offer: Offer | null;
  withheld: { version: string; rule: WithheldBy; why: string } | null;
};

/** `source` is null where the link is none of ours, `sealed` says whether it tells who used it. */
export type Offer = {
  version: string;
  url: string;
  source: FirmwareSource | null;
  forced: boolean;
  sealed: boolean;
};

/** The largest reply that is read; real ones have less than 2 KiB. */
export const MAX_REPLY_BYTES = 64 * 1024;

/** The upstream's offer as the reply has it, or null where it says that there is nothing newer. */
export function readOffer(text: ReplyText, context: Pick<ReplyContext, 'firmwareSource'>): UpstreamOffer | null {
  const link = text.string('firmware', 'url');
  if (link === null || link === '' || link.includes(NO_UPDATE_LINK)) return null;
  const url = URL.parse(link);
  return {
    version: text.string('firmware', 'version'),
    link,
    forced: text.number('firmware', 'force') === 1,
    source: url && context.firmwareSource(url),
  };
}

/**
 * Rewrites the addresses of a reply for the device that asked. Unknown fields, their order and their spelling stay byte
 * for byte, signed fields (`mqtt.client_id`, `username`, `password`) too. What is not a JSON object goes through as it is.
 * @param text the reply, where it is parsed already
 */
export function rewriteReply(reply: Buffer, context: ReplyContext, text = parseReply(reply)): RewrittenReply {
  const notes: Notes = { changes: [], warnings: [], withheld: null };
  if (text === null) {
    return { kind: 'not-json', body: reply, ...notes, warnings: ['the reply is not a JSON object'], offer: null };
  }
  const offer = rewriteFirmware(text, context, notes);
  rewriteWebsocket(text, context, notes);
  rewriteMqtt(text, context, notes);
  const body = notes.changes.length === 0 ? reply : text.write();
  return { kind: notes.changes.length === 0 ? 'unchanged' : 'rewritten', body, ...notes, offer };
}

type Notes = Pick<RewrittenReply, 'changes' | 'warnings' | 'withheld'>;

function rewriteFirmware(text: ReplyText, context: ReplyContext, notes: Notes): Offer | null {
  const offered = readOffer(text, context);
  const decision = context.decide(offered);
  const version = text.string('firmware', 'version');
  if (decision.action === 'replace') return replaceOffer(text, context, notes, version, decision);
  if (decision.action === 'withhold') {
    withholdOffer(text, context, notes, version ?? '', decision.rule, decision.why);
    return null;
  }
  // The device parses the version of every reply, whether there is a link in it or not.
  if (version !== null && !isSafeVersion(version) && !context.allowsAnyVersion) {
    const why = 'no device can parse this version: it would restart for ever';
    withholdOffer(text, context, notes, version, 'crashing-version', why);
    return null;
  }
  if (offered === null) return null;
  const { link, forced, source } = offered;
  const left: Offer = { version: version ?? '', url: link, source: null, forced, sealed: false };
  if (source === null) {
    const url = URL.parse(link);
    notes.warnings.push(
      url
        ? `firmware.url points to ${url.origin}, which is neither an upstream nor in firmware.allow: left as it is`
        : 'firmware.url is not a URL: left as it is',
    );
    return left;
  }
  const made = linkTo(context, notes, source, left.version);
  if (made === null) return left;
  text.replace(['firmware', 'url'], made.url);
  notes.changes.push({ field: 'firmware.url', from: link, to: made.url, why: whyScheme(context, made.plain) });
  return { ...left, url: made.url, source, sealed: made.sealed };
}

/** A link of ours to this source, sealed where there is room; null where not even that is possible. */
function linkTo(context: ReplyContext, notes: Notes, source: FirmwareSource, version: string) {
  // A link is not stored on the device, so here even an unproved https is better than a link that is sure to fail.
  const plain = context.scheme === 'http' && (context.opening !== null || source.plainForGood);
  const prefix = `${origin(plain ? 'http' : 'https', context)}${source.routePath}`;
  const token = context.seal(source, { version }, prefix);
  if (token === null) {
    const fails = plain && !source.plainForGood ? ', and without its seal the opening does not let it through' : '';
    notes.warnings.push(`the sealed link would be too long for old devices: the link is not sealed${fails}`);
  }
  const unsealed = source.source.startsWith(source.routePath) ? source.source.slice(source.routePath.length) : null;
  const end = token ?? unsealed;
  return end === null ? null : { url: `${prefix}${end}`, plain, sealed: token !== null };
}

/** Another image in the place of the upstream's offer, or where it offers none. */
function replaceOffer(
  text: ReplyText,
  context: ReplyContext,
  notes: Notes,
  offered: string | null,
  { version, source, forced, why }: Extract<OfferDecision, { action: 'replace' }>,
): Offer | null {
  const made = linkTo(context, notes, source, version);
  if (made === null || !made.sealed) {
    withholdOffer(text, context, notes, version, 'rollout', `${why}; but the link to it would be too long`);
    return null;
  }
  text.put('firmware', { version, url: made.url, ...(forced ? { force: 1 } : {}) });
  notes.changes.push({ field: 'firmware', from: offered ?? 'no offer', to: version, why });
  return { version, url: made.url, source, forced, sealed: true };
}

/** "No offer" in the shape that the upstream itself uses: the device's own version, and no link. */
function withholdOffer(
  text: ReplyText,
  context: ReplyContext,
  notes: Notes,
  version: string,
  rule: WithheldBy,
  why: string,
): void {
  const running = context.runningVersion;
  const own = running !== null && isSafeVersion(running) ? running : '0';
  text.replace(['firmware'], { version: own, url: '' });
  notes.changes.push({ field: 'firmware', from: version, to: 'no offer', why });
  notes.withheld = { version, rule, why };
  // The other two are meant so.
  if (rule !== 'busy' && rule !== 'rollout')
    notes.warnings.push(`offer withheld (${rule}), version ${JSON.stringify(version)}: ${why}`);
}

function rewriteWebsocket(text: ReplyText, context: ReplyContext, notes: Notes): void {
  const address = text.string('websocket', 'url');
  if (address === null || address === '') return;
  const url = URL.parse(address);
  const route = url && (url.protocol === 'ws:' || url.protocol === 'wss:') ? context.voiceRoute(url.pathname) : null;
  if (!url || !route) {
    notes.warnings.push('websocket.url leads to no device route of this gate: left as it is');
    return;
  }
  // This address is kept in the device's flash: it must work for good, not only while an opening lasts.
  const plain = context.scheme === 'http' && context.opening === null && route.plainForGood;
  if (!plain && !context.trusted) {
    notes.warnings.push(
      'websocket.url is left as it is: the device cannot be known to trust our certificate, and plain ws is not open to it for good',
    );
    return;
  }
  const rewritten = `${origin(plain ? 'ws' : 'wss', context)}${url.pathname}${url.search}`;
  if (rewritten === address) return;
  text.replace(['websocket', 'url'], rewritten);
  notes.changes.push({ field: 'websocket.url', from: address, to: rewritten, why: whyScheme(context, plain) });
}

function rewriteMqtt(text: ReplyText, context: ReplyContext, notes: Notes): void {
  const endpoint = text.string('mqtt', 'endpoint');
  if (endpoint === null || endpoint === '' || context.ports.mqtts === null) return;
  if (!context.trusted) {
    notes.warnings.push('mqtt.endpoint is left as it is: the device cannot be known to trust our certificate');
    return;
  }
  // Devices speak TLS only where the port is 8883.
  if (context.ports.mqtts !== 8883) {
    notes.warnings.push('mqtt.endpoint is left as it is: devices use TLS only on port 8883 (public.mqtts)');
    return;
  }
  if (context.host.includes(':')) {
    notes.warnings.push(
      'mqtt.endpoint is left as it is: devices take what follows the first colon for the port, so no IPv6 address',
    );
    return;
  }
  const rewritten = `${context.host}:8883`;
  if (rewritten === endpoint) return;
  text.replace(['mqtt', 'endpoint'], rewritten);
  notes.changes.push({ field: 'mqtt.endpoint', from: endpoint, to: rewritten, why: 'TLS for MQTT' });
}

function whyScheme(context: ReplyContext, plain: boolean): string {
  if (!plain) return context.scheme === 'https' ? 'the device came by https' : 'plain HTTP is not open to this device';
  return context.opening === null ? 'the device came by plain HTTP, which is open to it' : 'an opening lasts';
}

function origin(scheme: 'http' | 'https' | 'ws' | 'wss', context: ReplyContext): string {
  const secure = scheme === 'https' || scheme === 'wss';
  const port = secure ? context.ports.https : context.ports.http;
  const host = context.host.includes(':') ? `[${context.host}]` : context.host;
  return `${scheme}://${host}${port === (secure ? 443 : 80) ? '' : `:${port}`}`;
}
