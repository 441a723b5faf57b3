// Owns a device: its identity, its flash, the version that it runs, and what one boot of it does.
// It is strict on purpose: it behaves as the firmware does, and never gives way to please a server.

import { setTimeout as wait } from 'node:timers/promises';
import { type CheckOutcome, checkOnce, checkWithRetries } from './check.ts';
import { checkBody } from './check-body.ts';
import type { Wiring } from './connection.ts';
import { type DownloadOutcome, download } from './download.ts';
import { type Generation, generationAfterBoot, type Quirks, quirksOf } from './generation.ts';
import { exchange, type Request } from './http-client.ts';
import type { Chip } from './image-check.ts';
import { publicBundle, type TrustBundle, trustBundle } from './trust.ts';
import { type UpgradeOutcome, upgrade } from './upgrade.ts';
import { isAtLeast } from './version.ts';
import { openVoice, type VoiceOutcome } from './voice.ts';

export type { CheckOutcome, DownloadOutcome, Generation, UpgradeOutcome, VoiceOutcome };

export type DeviceOptions = {
  generation: Generation;
  version: string;
  board: string;
  chip?: Chip;
  mac?: string;
  clientId?: string;
  /** Burnt into some devices; sent from 1.7 on. */
  serialNumber?: string;
  language?: string;
  /** Goes into the body as it is, without any escape. */
  ssid?: string | Uint8Array;
  slotBytes?: number;
  elfSha256?: string;
  project?: string;
  /** False for a device that sends no body: its check is a GET. */
  sendsBody?: boolean;
  /** PEM texts in place of the public roots. */
  trust?: string[];
  /** Name to address; an empty text for a name that does not exist. */
  lookup?: (host: string) => string;
  port?: (host: string, port: number) => number;
  localAddress?: string;
  /** Silence that ends a reply; 5 s for `legacy`, else 30 s. */
  gapMs?: number;
  /** Silence that ends a handshake, and the wait for a 101; 10 s. */
  handshakeMs?: number;
  /** Silence that ends a conversation; 120 s. */
  voiceIdleMs?: number;
  /** Tries of one check; 10 on a real device, 1 here unless said. */
  tries?: number;
  /** Waits between tries; the pauses are those of `retryPauseMs`. */
  pause?: (ms: number) => Promise<void>;
};

export type ActivateOutcome =
  | { outcome: 'activated' }
  /** Not bound yet (202): asked again in 3 s. */
  | { outcome: 'pending'; retryAfterMs: number }
  | { outcome: 'failed'; code: number; because: string };

/** The app slot of the common partition tables for 16 MB of flash. */
const DEFAULT_SLOT_BYTES = 0x3f0000;

export class Device {
  /** What `mqtt{}` and `websocket{}` of the replies have left behind, as `<section>.<key>`. Survives every boot. */
  readonly flash = new Map<string, string | number>();
  version: string;
  generation: Generation;
  readonly mac: string;
  readonly clientId: string;
  readonly #options: DeviceOptions;
  readonly #trust: TrustBundle;
  #elfSha256: string;
  #project: string;
  #slot: 'ota_0' | 'ota_1' = 'ota_0';

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.#trust = options.trust === undefined ? publicBundle() : trustBundle(options.trust);
    this.version = options.version;
    this.generation = options.generation;
    this.mac = (options.mac ?? '24:6f:28:aa:bb:01').toLowerCase();
    this.clientId = options.clientId ?? '5f6c1a52-6f0c-4b3e-9d55-0c8a7e2b4f11';
    this.#elfSha256 = options.elfSha256 ?? '0123456789abcdef'.repeat(4);
    this.#project = options.project ?? 'xiaozhi';
  }

  /** The check of a boot. Stores addresses in `flash`; changes nothing else. */
  check(otaUrl: string): Promise<CheckOutcome> {
    const once = () => {
      const body = this.#options.sendsBody === false ? Buffer.alloc(0) : this.#body();
      const request = this.#request(body.length > 0 ? 'POST' : 'GET', otaUrl, body);
      return checkOnce(request, this.version, this.flash, this.#quirks(), this.#wiring());
    };
    return checkWithRetries(once, this.#options.tries ?? 1, this.#options.pause ?? ((ms) => wait(ms)));
  }

  /** Downloads and validates an image; does not boot it. */
  download(url: string): Promise<DownloadOutcome> {
    const slot = { chip: this.#chip(), slotBytes: this.#slotBytes(), running: this.version };
    return download(url, slot, this.#quirks(), this.#wiring());
  }

  /** What a boot does: check, download where offered, restart into what the *image* says it is, and check again. */
  upgrade(otaUrl: string): Promise<UpgradeOutcome> {
    return upgrade({
      running: () => this.version,
      check: () => this.check(otaUrl),
      download: (url) => this.download(url),
      boot: (image) => this.#boot(image),
    });
  }

  /** Asks whether the user has typed the code in. `/activate` goes to the end of the address, with one slash. */
  async activate(otaUrl: string): Promise<ActivateOutcome> {
    const url = otaUrl.endsWith('/') ? `${otaUrl}activate` : `${otaUrl}/activate`;
    const request = this.#request('POST', url, Buffer.from('{}'));
    const reply = await exchange(request, this.#quirks(), this.#wiring(), {
      onHead: () => 'stop',
      onBody: () => 'stop',
    });
    if (reply.exchange === 'no-reply') return { outcome: 'failed', code: reply.code, because: reply.because };
    const { status } = reply.head;
    if (status === 200) return { outcome: 'activated' };
    if (status === 202) return { outcome: 'pending', retryAfterMs: 3_000 };
    return { outcome: 'failed', code: status, because: `HTTP status ${status}` };
  }

  /** Opens a conversation, with the token and the protocol version that the flash holds. */
  openVoice(url: string): Promise<VoiceOutcome> {
    const token = this.flash.get('websocket.token');
    const headers: Record<string, string> = {
      'Protocol-Version': String(this.flash.get('websocket.version') || 1),
      'Device-Id': this.mac,
      'Client-Id': this.clientId,
    };
    // A token with a space brings its own scheme (websocket_protocol.cc).
    if (typeof token === 'string' && token !== '') {
      headers.Authorization = token.includes(' ') ? token : `Bearer ${token}`;
    }
    const replyMs = this.#options.handshakeMs ?? 10_000;
    return openVoice(url, headers, this.#wiring(), { replyMs, idleMs: this.#options.voiceIdleMs ?? 120_000 });
  }

  #boot(image: { version: string; project: string; elfSha256: string }): void {
    this.version = image.version;
    this.generation = generationAfterBoot(this.generation, image.version);
    this.#project = image.project;
    this.#elfSha256 = image.elfSha256;
    this.#slot = this.#slot === 'ota_0' ? 'ota_1' : 'ota_0';
  }

  #request(method: 'GET' | 'POST', url: string, body: Buffer): Request {
    const serial = isAtLeast(this.version, [1, 7]) ? this.#options.serialNumber : undefined;
    const headers: Record<string, string> = {
      'Activation-Version': serial === undefined ? '1' : '2',
      'Device-Id': this.mac,
      'Client-Id': this.clientId,
      'User-Agent': `${this.#options.board}/${this.version}`,
      'Accept-Language': this.#options.language ?? 'zh-CN',
      'Content-Type': 'application/json',
    };
    if (serial !== undefined) headers['Serial-Number'] = serial;
    return { method, url, headers, body };
  }

  #body(): Buffer {
    return checkBody({
      generation: this.generation,
      version: this.version,
      board: this.#options.board,
      chip: this.#chip(),
      mac: this.mac,
      clientId: this.clientId,
      language: this.#options.language ?? 'zh-CN',
      ssid: this.#options.ssid ?? 'home',
      slotBytes: this.#slotBytes(),
      elfSha256: this.#elfSha256,
      project: this.#project,
      slot: this.#slot,
    });
  }

  #quirks(): Quirks {
    return quirksOf(this.generation, this.version, this.#options.gapMs);
  }

  #wiring(): Wiring {
    const { handshakeMs, lookup, port, localAddress } = this.#options;
    const quirks = this.#quirks();
    return {
      trust: this.#trust,
      handshakeMs: handshakeMs ?? 10_000,
      checksCertificate: quirks.checksCertificate,
      toleratesCrossSign: quirks.toleratesCrossSign,
      ...(lookup === undefined ? {} : { lookup }),
      ...(port === undefined ? {} : { port }),
      ...(localAddress === undefined ? {} : { localAddress }),
    };
  }

  #chip(): Chip {
    return this.#options.chip ?? 'esp32s3';
  }

  #slotBytes(): number {
    return this.#options.slotBytes ?? DEFAULT_SLOT_BYTES;
  }
}
