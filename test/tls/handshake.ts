// A TLS 1.2 handshake over loopback, with the name and the trust of a client that is not ours.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import { connect, createServer } from 'node:tls';

/** `trusted`, or the code of what the client found wrong. Five seconds at most. */
export async function shakeHands(
  served: { certPem: string; keyPem: string },
  name: string,
  rootPem: string,
): Promise<string> {
  const server = createServer({ cert: served.certPem, key: served.keyPem, maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => {}).end();
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const servername = isIP(name) === 0 ? { servername: name } : {};
  const client = connect({ host: '127.0.0.1', port, ca: rootPem, ...servername });
  client.setTimeout(5000, () => client.destroy(new Error('no handshake within 5 s')));
  try {
    await once(client, 'secureConnect');
    return client.authorized ? 'trusted' : String(client.authorizationError);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    client.destroy();
    server.close();
  }
}
