// Owns Config: the long form that every configuration file expands to, parsed once, with units in the names.
import type { AcmeConfig } from './acme-config.ts';
import type { AlertsConfig } from './alerts.ts';
import type { BackupConfig } from './backup.ts';
import type { OffersConfig } from './offers.ts';
import type { Login } from './password-file.ts';
import type { RolloutConfig } from './rollouts.ts';
import type { SecretSource } from './secrets.ts';
import type { StoreConfig } from './store.ts';
import type { ProxyVersion, UpstreamConfig } from './upstream-config.ts';

export type Role = 'web' | 'device' | 'ota-check' | 'firmware' | 'admin';
export type PlainHttp = 'always' | 'lan' | 'never';

/** Where to listen: an IPv4 address, an IPv6 address without brackets (`::` is dual-stack), and a port (0 in tests). */
export type Endpoint = { host: string; port: number };

/** `admin`: the control process itself answers, with the admin interface; the role of such a route is admin as well. */
export type RouteTarget =
  | { kind: 'upstream'; upstream: string }
  | { kind: 'refuse' }
  | { kind: 'admin' }
  | { kind: 'redirect'; to: string; status: RedirectStatus }
  /** Absolute. */
  | { kind: 'files'; folder: string };

export type RedirectStatus = 301 | 302 | 307 | 308;

/** Names in lower case. */
export type HeaderChanges = { set: Record<string, string>; remove: string[] };

export type RouteConfig = {
  name: string;
  /** Only for this host name; otherwise for every name of ours. */
  host?: string;
  /** A prefix where it ends in `/`, else exact. */
  path: string;
  target: RouteTarget;
  role: Role;
  plainHttp: PlainHttp;
  /** What stands in place of `path` upstream. */
  upstreamPath?: string;
  /** Networks in CIDR notation and `lan`: only these, and none of those. */
  allow?: string[];
  deny?: string[];
  basicAuth?: { file: string; realm: string; logins: Login[] };
  /** On the way to the client. */
  headers?: HeaderChanges;
  upstreamHeaders?: HeaderChanges;
  bodyMaxBytes?: number;
  /** In place of those of `limits`. */
  timeouts?: { connectMs?: number; replyMs?: number; idleMs?: number };
  compress?: boolean;
  hstsMs?: number;
  errorPage?: { file: string; html: string };
};

export type OpeningConfig = {
  /** Stable for the same content, so that a reload does not make a new one. */
  id: string;
  route: string;
  /** Networks in CIDR notation; empty: from anywhere. */
  from: string[];
  /** Milliseconds since the epoch; null: from the beginning. */
  startMs: number | null;
  untilMs: number;
  reason: string;
  closeAfter: CloseAfter;
};

/** What closes an opening before its end: that many devices upgraded, or none came for that long. */
export type CloseAfter = { devices: number | null; idleMs: number | null };

/** Absolute paths; the passphrase is already read from its file. */
export type CertificateFiles =
  | { cert: string; key: string; passphrase?: string }
  | { pkcs12: string; passphrase?: string };

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export type LogConfig = {
  level: LogLevel;
  format: 'auto' | 'json' | 'pretty';
  /** In place of standard output. Absolute, as all of these. */
  file?: string;
  /** A line for each request, beside the log. */
  access?: { file: string; format: 'combined' };
  /** When a file is put aside, and how many are kept. Null: not for that reason. */
  rotate?: { maxBytes: number | null; everyMs: number | null; keep: number };
};

export type Limits = {
  /** The longest that an opening may be asked for. */
  openingMs: number;
  /** How long running requests may go on after SIGTERM. */
  drainMs: number;
  /** To connect to an upstream. */
  connectMs: number;
  /** From the request to the first byte of an upstream's reply. */
  replyMs: number;
  /** Without a byte in either direction, on a connection that is neither a WebSocket nor waiting for a reply. */
  idleMs: number;
  /** For a client to send the whole head of its request. */
  headerMs: number;
  /** For a client to send a body, before each 500 bytes of it give a second more. */
  bodyMs: number;
  /** Of a WebSocket, without a byte in either direction. */
  webSocketIdleMs: number;
  /** Open at a time, in one gate. */
  connections: number;
  /** Of them, from one address outside of the LAN. */
  addressConnections: number;
  /** TLS handshakes at a time with clients outside of the LAN, in one gate. */
  handshakes: number;
  /** From one address outside of the LAN, on routes that are not for devices. */
  addressRequestsPerSecond: number;
  /** Of one device, downloads left out. */
  deviceRequestsPerSecond: number;
  /** Of one device at a time. */
  deviceWebSockets: number;
  /** Of a request's body on the OTA check. */
  checkBytes: number;
  /** How long a firmware link that was handed out can be used. */
  linkMs: number;
};

/** A plain TCP server: a name or an address, IPv6 without brackets. */
export type HostPort = { host: string; port: number };

/** TLS in front of plain TCP. */
export type StreamConfig = {
  listen: Endpoint;
  /** At least one, tried in this order. */
  upstream: HostPort[];
  /** Networks in CIDR notation; empty: for everyone. */
  allow: string[];
  /** Without a byte in either direction. */
  idleMs: number;
  /** The most at a time, in all gates together. */
  connections: number;
  proxyProtocol: ProxyVersion;
};

export type FirmwareConfig = {
  /** Origins with a path prefix, from which firmware may be fetched beside the upstreams. */
  allow: string[];
  /** Of all images on disk. */
  maxBytes: number;
  /** Of the images in memory, in all gates together; 0 keeps none. */
  memoryBytes: number;
  /** Null: without a bound. */
  pace: { deviceBytesPerSecond: number | null; totalBytesPerSecond: number | null };
  /** The most at a time, past which no further image is offered; null: without a bound. */
  downloads: number | null;
  /** How long an image counts as unchanged after its upstream was asked. */
  recheckMs: number;
};

export type Config = {
  /** Absolute path of the file that this was read from. */
  file: string;
  /** Lower case; the first one is the main domain. */
  domains: string[];
  /** The gates listen on `http` and `https`, the control process on `admin`. */
  listen: { http: Endpoint[]; https: Endpoint[]; admin: Endpoint[] };
  /** `mqtts`: null where devices get no address for MQTT by TLS. */
  public: { http: number; https: number; mqtts: number | null };
  defaultSite: 'refuse' | 'main';
  workers: number;
  /** Absolute. */
  stateDir: string;
  store: StoreConfig;
  tls: {
    /** Null where neither `email` nor `tls.acme` is given. */
    acme: AcmeConfig | null;
    certificates: CertificateFiles[];
    localCa: boolean;
    deviceRecordBytes: number;
  };
  /** `private`, or networks and addresses as written. */
  networks: { lan: string[] };
  trustedProxies: {
    from: string[];
    header: 'x-forwarded-for' | 'forwarded' | 'x-real-ip';
    /** Whether each of their connections begins with a PROXY header. */
    proxyProtocol: boolean;
  };
  /** Origins, for each name at least one; a Unix socket as `unixOrigin`. */
  upstreams: Record<string, string[]>;
  /** Of those upstreams that the file itself names; all others are as `PLAIN_UPSTREAM`. */
  upstreamSettings: Record<string, UpstreamConfig>;
  routes: RouteConfig[];
  openings: OpeningConfig[];
  streams: StreamConfig[];
  firmware: FirmwareConfig;
  alerts: AlertsConfig;
  offers: OffersConfig;
  /** Null: only by command. */
  backup: BackupConfig | null;
  /** The first that fits a device decides. */
  rollouts: RolloutConfig[];
  limits: Limits;
  /** Where those secrets came from that do not stand in the file itself, by their place (`tls.acme.dns.secret`). */
  secretSources: Record<string, SecretSource>;
  log: LogConfig;
  /** Absolute paths of all files, folders and programs that the keys above name and that have to be there. */
  namedPaths: string[];
};
