// Owns what the admin API says, as the page knows it: plain data. A test holds it against the server's own types.

export type Role = 'admin' | 'read';
export type Session = { role: Role; version: string; csrf: string | null };

export type Severity = 'fault' | 'warning' | 'note';
export type Finding = { code: string; severity: Severity; what: string; why: string; remedy: string };
/** `zh`: the same in Chinese. */
export type CertificateFinding = Finding & { zh: Pick<Finding, 'what' | 'why' | 'remedy'> };

/** A certificate that the gate gets by itself, and how that goes. Dates are ISO 8601. */
export type Renewal = {
  name: string;
  keyType: string;
  issuer: string | null;
  notAfter: string | null;
  renewalDue: string | null;
  failures: number;
  lastError: string | null;
  nextTryInSeconds: number | null;
};

export type Certificate = {
  names: string[];
  fingerprint: string;
  issuer: string;
  key: string;
  notAfter: string;
  daysLeft: number;
  chainLength: number;
  chainBytes: number;
  devices: CertificateFinding[];
  renewal: Renewal | null;
};

export type Totals = {
  requests: Record<string, number>;
  statuses: Record<string, number>;
  refusals: Record<string, number>;
  checks: number;
  offers: number;
  withheld: Record<string, number>;
  downloads: { complete: number; broken: number; bytes: number };
  handshakes: Record<string, number>;
  droppedEvents: number;
};

export type Worker = { name: string; pid: number; sinceMs: number; snapshot: number; restarts: number };

export type Status = {
  startedAt: string;
  config: string;
  snapshot: number;
  domains: string[];
  listeners: { scheme: string; address: string; publicPort: number }[];
  streams: { address: string; upstream: string[]; open: number }[];
  lan: { networks: string[]; ownGateways: string[]; gatewaysKnown: boolean };
  certificates: Certificate[];
  acme: Renewal[];
  uncovered: string[];
  upstreams: Record<string, string[]>;
  openable: Openable[];
  servers: { upstream: string; origin: string; health: 'well' | 'down' | null; failures: number }[];
  workers: Worker[];
  totals: Totals;
  /** The troubles that last, the newest first, twenty at the most. */
  troubles: { kind: TroubleKind; subject: string; detail: string; atMs: number }[];
};

export type TroubleKind =
  | 'certificate-not-renewed'
  | 'upstream-down'
  | 'rollout-stopped'
  | 'device-failing'
  | 'disk-low'
  | 'backup-failed'
  | 'store-gone';

/** A route that can be opened; `host` null: under every name. */
export type Openable = { route: string; role: 'ota-check' | 'firmware'; host: string | null; path: string };

/** What ends an opening before its time: so many devices upgraded, or nobody came for so long. */
export type CloseAfter = { devices: number | null; idleMs: number | null };

export type Opening = {
  id: string;
  route: string;
  from: string[];
  openedMs: number | null;
  untilMs: number;
  reason: string;
  declared: boolean;
  openedBy: string;
  /** Null: it began at once. */
  startMs: number | null;
  closeAfter: CloseAfter;
  uses: number;
  /** Different devices that came through it; those of them that upgraded. */
  devices: number;
  upgraded: number;
};

/** `notWritten`: the disk took nothing, so that a restart may open it again. */
export type ClosedOpening = Opening & { notWritten?: true };

export type OpeningAsk = {
  route: string;
  durationMs: number;
  from: string[];
  reason: string;
  closeAfter: CloseAfter;
};

export type AuditEntry = { id: number; atMs: number; what: string; who: string; detail: string };

export type DeviceState =
  | 'up-to-date'
  | 'offered'
  | 'downloading'
  | 'rebooting'
  | 'upgraded'
  | 'failed'
  | 'withheld'
  | 'seen';

export type Device = {
  device: string;
  /** These four are empty where nobody has told them. */
  board: string;
  version: string;
  client: string;
  scheme: string;
  firstSeenMs: number;
  lastSeenMs: number;
  state: DeviceState;
  offered: string | null;
  why: string | null;
  failures: number;
  proven: boolean;
};

export type Detail = string | number | boolean | null;
export type DeviceEvent = { id: number; atMs: number; event: string; detail: Record<string, Detail> };
export type DeviceHistory = Device & { events: DeviceEvent[] };
export type NamedCount = { name: string; count: number };
export type DevicePage = { total: number; devices: Device[]; boards: NamedCount[]; versions: NamedCount[] };

export type Image = {
  sha256: string;
  kind: string;
  length: number;
  fileName: string;
  facts: Record<string, Detail>;
  pinned: boolean;
  addedMs: number;
  offeredMs: number;
  checked: boolean;
  current: boolean;
};

export type Fill = { id: string; fileName: string; have: number; length: number | null };

export type Firmware = {
  images: Image[];
  fills: Fill[];
  bytes: number;
  maxBytes: number;
  totals: {
    hits: number;
    joined: number;
    revalidations: number;
    stale: number;
    fills: number;
    failedFills: number;
    upstreamBytes: number;
  };
};

/** One line of what a long operation tells on its way. */
export type Progress =
  | { step: 'bytes'; have: number; length: number | null }
  | { step: 'image'; image: Image }
  | { step: 'well'; what: string; detail: string }
  | { step: 'failed'; what: string; detail: string };

/** Counts since the point before; `activeDownloads` at that moment. */
export type TrafficPoint = {
  atMs: number;
  requests: number;
  checks: number;
  offers: number;
  downloads: number;
  activeDownloads: number;
  bytes: number;
  refused: number;
  errors: number;
};

export type Traffic = { everyMs: number; points: TrafficPoint[] };

export type LogLine = { level?: string; time?: string; process?: string; event?: string; msg?: string } & Record<
  string,
  unknown
>;

export type RenewOutcome = { kept: string[]; renewed: string[]; faults: string[] };
export type RenewalStep =
  | { step: 'ordering' }
  | { step: 'waiting'; seconds: number }
  | ({ step: 'done' } & RenewOutcome)
  | { step: 'failed'; what: string; detail: string };

/** What the doctor found when it was last run. */
export type DoctorReport = {
  atMs: number;
  well: boolean;
  targets: {
    url: string;
    address: string;
    handshakeBytes: number | null;
    status: number | null;
    devices: { generation: string; version: string; outcome: string }[];
  }[];
  findings: { code: string; severity: Severity; at: string; what: string; why: string; remedy: string }[];
  paste: { serverOta: string; serverWebsocket: string; proved: boolean } | null;
  serverVersion: string | null;
};

/** What a serial log says. */
export type SerialReading = {
  lines: number;
  version: string | null;
  known: boolean;
  findings: (Finding & { times: number; line: number; text: string })[];
};

export type Rollout = {
  name: string;
  action: 'offer' | 'hold' | 'pin' | 'via';
  version: string | null;
  below: string | null;
  boards: string[];
  /** How many are in its list; 0: for all. */
  devices: number;
  networks: string[];
  versions: string[];
  percent: number;
  /** Whether it stands in the configuration. */
  declared: boolean;
  held: boolean;
  /** Rolled back: the version for each board. */
  targets: Record<string, string> | null;
  stops: { board: string; version: string; why: string }[];
  wave: number | null;
  waveSize: string | null;
  nextWaveMs: number | null;
  members: number | null;
};

export type RolloutExplained = {
  known: boolean;
  action: 'pass' | 'hold' | 'send' | 'admit';
  why: string;
  admitted: string | null;
};
