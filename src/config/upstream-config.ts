// Owns UpstreamConfig: how an upstream with settings of its own is reached, and who of its servers is asked.

/** In which form a server behind the gate is told who the client is, before the first byte. */
export type ProxyVersion = 'none' | 'v1' | 'v2';

export type HealthConfig = {
  /** Asked by GET; an answer below 400 is well. */
  path: string;
  intervalMs: number;
  /** For the head of the answer. */
  timeoutMs: number;
  /** Bad ones in a row until a server is left out, and good ones until it is asked again. */
  fails: number;
  passes: number;
};

/** Absolute paths; null: as the system has it. */
export type UpstreamTls = {
  caFile: string | null;
  serverName: string | null;
  certFile: string | null;
  keyFile: string | null;
};

export type UpstreamConfig = {
  /** `first`: the others only where those before are not well. */
  balance: 'least-connections' | 'first';
  /** Whether the WebSockets of a device go to one server as long as that is well. */
  sticky: 'none' | 'device';
  /** Null: no looks of our own, only what requests show. */
  health: HealthConfig | null;
  tls: UpstreamTls;
  proxyProtocol: ProxyVersion;
};

/** An upstream of which the file says nothing but its origins. */
export const PLAIN_UPSTREAM: UpstreamConfig = {
  balance: 'least-connections',
  sticky: 'none',
  health: null,
  tls: { caFile: null, serverName: null, certFile: null, keyFile: null },
  proxyProtocol: 'none',
};
