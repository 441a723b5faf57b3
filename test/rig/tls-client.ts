// Owns looks at a TLS port: which certificate a client gets, and whether it trusts it.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type ConnectionOptions, connect } from 'node:tls';
import { within } from './bounded.ts';

export type Look = {
  leaf: X509Certificate;
  /** Certificates in the chain that came. */
  chainLength: number;
  /** `trusted`, or the code of what this client found wrong. */
  trust: string;
  alpn: string | false | null;
};

/** One handshake, closed afterwards. Trust is judged and told, not enforced. */
export async function lookAt(port: number, options: ConnectionOptions = {}): Promise<Look> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'ota.example.com',
    rejectUnauthorized: false,
    ...options,
  });
  try {
    await within('a TLS handshake', once(socket, 'secureConnect'));
    const trust = socket.authorized ? 'trusted' : String(socket.authorizationError);
    let chainLength = 0;
    let last: object | undefined;
    // The chain ends with a certificate that names itself as its issuer, or with none.
    for (let at = socket.getPeerCertificate(true); at !== last && at?.raw !== undefined; at = at.issuerCertificate) {
      last = at;
      chainLength += 1;
    }
    return {
      leaf: new X509Certificate(socket.getPeerCertificate().raw),
      chainLength,
      trust,
      alpn: socket.alpnProtocol,
    };
  } finally {
    socket.on('error', () => {}).destroy();
  }
}
