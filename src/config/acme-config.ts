// Owns the shape of tls.acme: how certificates are obtained (RFC 8555).

export type ChallengeType = 'http-01' | 'tls-alpn-01' | 'dns-01';

/** `both` keeps an ECDSA and an RSA certificate side by side on one name. */
export type KeyType = 'ecdsa' | 'rsa' | 'both';

/** How TXT records for DNS-01 are set. Secrets are already read from their files. */
export type DnsConfig =
  | {
      provider: 'rfc2136';
      /** Address or name of the primary server, and its port. */
      server: string;
      port: number;
      /** Where it is not the closest SOA. */
      zone?: string;
      keyName: string;
      algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512' | 'hmac-sha1';
      /** Base64. */
      secret: string;
    }
  | { provider: 'cloudflare'; apiToken: string; endpoint?: string }
  | { provider: 'alidns'; accessKeyId: string; accessKeySecret: string; endpoint?: string }
  | { provider: 'dnspod'; secretId: string; secretKey: string; endpoint?: string }
  | { provider: 'exec'; program: string; timeoutMs: number };

export type PropagationConfig = {
  /** How long to wait for a record at the zone's own servers. */
  timeoutMs: number;
  /** Resolvers to find those servers with, `address` or `address:port`; empty: the system's. */
  resolvers: string[];
};

export type AcmeConfig = {
  email: string | null;
  /** URL of the directory. */
  directory: string;
  challenge: ChallengeType;
  keyType: KeyType;
  profile: string | null;
  /** Common name of the root or an intermediate that the chain shall end in. */
  preferredChain: string | null;
  /** Absolute path of a PEM file with the roots to trust for the directory's own https. */
  caFile: string | null;
  eab: { kid: string; hmacKey: string } | null;
  dns: DnsConfig | null;
  propagation: PropagationConfig;
};
