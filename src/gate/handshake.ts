// Owns the choices in a TLS handshake: the certificate by name (SNI), the protocol (ALPN), and proofs for an ACME server.
import type { SecureContext, TLSSocket } from 'node:tls';
import { ACME_TLS_PROTOCOL, contextFor, HTTP2_PROTOCOL, type Keyring } from './certificates.ts';

/** In the order of our liking. */
const SPOKEN = [HTTP2_PROTOCOL, 'http/1.1'];

type AlpnOffer = { servername: string; protocols: string[] };

export type HandshakeCallbacks = {
  SNICallback: (
    this: unknown,
    serverName: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ) => void;
  ALPNCallback: (this: TLSSocket, offer: AlpnOffer) => string | undefined;
};

/**
 * The callbacks of a listener. HTTP/2 for those who offer it, HTTP/1.1 for everyone else; an ACME server that looks at a name gets the certificate that
 * proves it (RFC 8737). OpenSSL asks for the protocol before the certificate in TLS 1.3, and after it in TLS 1.2: the
 * proof is set from both callbacks. Neither throws: a throw in one of them would end the process.
 */
export function handshakeCallbacks(keyring: () => Keyring): HandshakeCallbacks {
  const proving = new WeakMap<object, SecureContext>();
  return {
    SNICallback(serverName, done) {
      const proof = typeof this === 'object' && this !== null ? proving.get(this) : undefined;
      done(null, proof ?? contextFor(keyring(), serverName));
    },
    ALPNCallback({ servername, protocols }) {
      if (!protocols.includes(ACME_TLS_PROTOCOL)) return SPOKEN.find((protocol) => protocols.includes(protocol));
      const proof = keyring().proofs.get(servername.toLowerCase());
      if (proof === undefined) return undefined;
      proving.set(this, proof);
      this.setKeyCert(proof);
      return ACME_TLS_PROTOCOL;
    },
  };
}
