// Owns the facts of one run: what the doctor saw, before anybody judges it. Plain data; text in it came from outside.
import type { CheckOutcome, DownloadOutcome, Generation } from '../device/device.ts';
import type { Link } from '../device/link.ts';

/** An address that devices are given for their check. */
export type Target = {
  /** As it goes into the device, and into `server.ota`. */
  url: string;
  at: Link;
  /** `main`: what goes into devices, and into the console. `lan`: an address of the gate that some may use beside it. */
  role: 'main' | 'lan';
};

/** Where a host leads. `instead`: its own address does not answer from here, and the gate’s listener was asked. */
export type Place =
  | { place: 'known'; address: string; instead: { failed: string; because: string } | null }
  | { place: 'unknown'; because: string; ipv6: boolean };

export type Opening = { opened: 'yes' } | { opened: 'no'; at: 'refused' | 'silent' | 'tls'; because: string };

/** A TLS 1.2 handshake as a device makes it, with every certificate taken. */
export type Handshake = {
  /** As it was served: leaf first, nothing put in order. */
  chainPem: string;
  /** From the server, until the first byte of a request can go out. */
  bytes: number;
};

/** A reply, read leniently: what a device would stumble over is still there to be told. */
export type Reply = {
  status: number;
  /** Names as they came. */
  headers: [name: string, value: string][];
  /** The body, its chunks put together; cut at the bound of whoever asked. */
  body: Buffer;
  /** Bytes of the largest TLS record that held it; 0 for plain HTTP. */
  largestRecord: number;
};

export type Asked = { asked: 'replied'; reply: Reply } | { asked: 'failed'; because: string };

export type Checked = { generation: Generation; version: string; outcome: CheckOutcome };

export type FirmwareSeen = {
  url: string;
  version: string;
  place: Place | null;
  opening: Opening | null;
  handshake: Handshake | null;
  /** Why it was not asked for: a one-time link would be used up. */
  look: Asked | 'one-time' | null;
  download: DownloadOutcome | null;
};

export type VoiceSeen = {
  url: string;
  place: Place | null;
  opening: Opening | null;
  handshake: Handshake | null;
  hello:
    | { hello: 'heard' }
    | { hello: 'none'; because: string }
    | { hello: 'no-upgrade'; status: number | null; because: string }
    | null;
};

export type MqttSeen = {
  endpoint: string;
  host: string;
  port: number;
  place: Place | null;
  opening: Opening | null;
  handshake: Handshake | null;
};

export type ConsoleSeen = { what: 'server.ota' | 'server.websocket'; url: string; well: boolean; because: string };

export type TargetFacts = {
  target: Target;
  place: Place;
  opening: Opening | null;
  handshake: Handshake | null;
  check: Asked | null;
  devices: Checked[];
  firmware: FirmwareSeen | null;
  voice: VoiceSeen | null;
  mqtt: MqttSeen | null;
  console: ConsoleSeen[];
};

export type RunFacts = {
  targets: TargetFacts[];
  /** What the server’s public configuration says; null where it says nothing. */
  serverVersion: string | null;
  /** The roots of a local CA that signs here, in PEM: its chains are a warning, not a fault. */
  localRoot: string | null;
};
