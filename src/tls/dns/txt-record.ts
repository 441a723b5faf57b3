// Owns the TXT record of a DNS-01 challenge (RFC 8555 section 8.4), and what every way of setting one can do.

export type TxtRecord = {
  /** Where the record is: `_acme-challenge.ota.example.com`, in ASCII, without a trailing dot. */
  name: string;
  value: string;
};

/**
 * Sets and removes challenge records. Several values live side by side under one name: a wildcard and its base name
 * share `_acme-challenge.example.com`. Both calls may be repeated: what is there already, or gone already, is no error.
 * Both throw a GateError (DNS_REFUSED, DNS_FAILED or DNS_TIMEOUT), or the signal's reason where it was aborted.
 */
export type DnsProvider = {
  /** Adds this value, beside whatever values the name has. */
  present(record: TxtRecord, signal: AbortSignal): Promise<void>;
  /** Removes this value alone. */
  cleanup(record: TxtRecord, signal: AbortSignal): Promise<void>;
};
