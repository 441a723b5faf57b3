// Owns the reading of what a server sends in TLS 1.2: its certificates as they are served, and how large its records are. Pure.

export type ServerFlight = {
  /** DER, in the order of the Certificate message. */
  certificates: Buffer[];
  /** Bytes until its Finished, headers included. */
  handshakeBytes: number;
  /** Bytes of content in the largest record of application data; 0 without any. */
  largestRecord: number;
};

// RFC 5246 sections 6.2.1 and 7.4
const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CERTIFICATE = 11;
const RECORD_HEADER = 5;
// AES-GCM: an explicit nonce of 8 bytes, and a tag of 16 (RFC 5288 section 3).
const GCM_BYTES = 24;

/** Reads records as far as they are whole. What is no TLS gives an empty flight. */
export function readServerFlight(bytes: Buffer): ServerFlight {
  const messages: Buffer[] = [];
  let handshakeBytes = 0;
  let largestRecord = 0;
  let sealed = false;
  for (let at = 0; at + RECORD_HEADER <= bytes.length; ) {
    const type = bytes.readUInt8(at);
    const length = bytes.readUInt16BE(at + 3);
    if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || bytes.readUInt8(at + 1) !== 3) break;
    const end = at + RECORD_HEADER + length;
    if (type === APPLICATION_DATA) largestRecord = Math.max(largestRecord, length - GCM_BYTES);
    else if (end <= bytes.length) handshakeBytes = end;
    if (type === CHANGE_CIPHER_SPEC) sealed = true;
    if (type === HANDSHAKE && !sealed) messages.push(bytes.subarray(at + RECORD_HEADER, Math.min(end, bytes.length)));
    at = end;
  }
  return { certificates: certificatesIn(Buffer.concat(messages)), handshakeBytes, largestRecord };
}

function certificatesIn(messages: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 4 <= messages.length; ) {
    const length = messages.readUIntBE(at + 1, 3);
    if (messages.readUInt8(at) === CERTIFICATE) {
      const list = messages.subarray(at + 7, at + 4 + length);
      for (let place = 0; place + 3 <= list.length; ) {
        const size = list.readUIntBE(place, 3);
        found.push(list.subarray(place + 3, place + 3 + size));
        place += 3 + size;
      }
    }
    at += 4 + length;
  }
  return found;
}

/** A certificate in PEM. */
export function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
