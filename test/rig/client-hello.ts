// Owns TLS 1.2 client hellos made by hand: with server names and protocols that no library would send.

export type Hello = {
  /** The bytes of the server name; none: no such extension. */
  serverName?: Buffer;
  /** Several entries, or an entry of another type than host_name. */
  serverNameList?: Buffer;
  /** The list of ALPN as it stands in the extension. */
  alpn?: Buffer;
};

/** A record with a ClientHello that an ordinary server can answer (RFC 5246 section 7.4.1.2). */
export function clientHello({ serverName, serverNameList, alpn }: Hello): Buffer {
  const entry = serverName === undefined ? undefined : Buffer.concat([Buffer.of(0), vector(2, serverName)]);
  const names = serverNameList ?? entry;
  const extensions = [
    ...(names === undefined ? [] : [extension(0, vector(2, names))]),
    ...(alpn === undefined ? [] : [extension(16, alpn)]),
    extension(10, vector(2, Buffer.from('001d00170018', 'hex'))), // groups
    extension(11, vector(1, Buffer.of(0))), // point formats
    extension(13, vector(2, Buffer.from('0403080404010503080505010806060102010203', 'hex'))), // signatures
  ];
  const body = Buffer.concat([
    Buffer.from('0303', 'hex'),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(0)),
    vector(2, Buffer.from('c02bc02fc02cc03000ff', 'hex')),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  return record(Buffer.concat([Buffer.of(1), vector(3, body)]));
}

/** Protocols as ALPN lists them (RFC 7301 section 3.1). */
export function protocols(...names: string[]): Buffer {
  return vector(2, Buffer.concat(names.map((name) => vector(1, Buffer.from(name, 'latin1')))));
}

export function record(content: Buffer, type = 22): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 1]), vector(2, content)]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type >> 8, type & 255), vector(2, content)]);
}

function vector(lengthBytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
}
