// Owns the rest of a request that is answered before it has come whole: an upload of 200 MB that an upstream refuses by
// its head. Closed at once, the connection would be reset, and the answer be lost with it (RFC 9112 section 9.6).
import { hasBody } from './body.ts';
import type { ClientRequest, ClientResponse } from './client.ts';

// Long enough for the answer to be read; a client that sends on all the same is cut off.
const REST_MS = 5_000;
const SILENCE_MS = 2_000;
const REST_BYTES = 64 * 1024 * 1024;

/** Before the head: what is left of a body would be read as the next request, so this connection takes no other. */
export function closeBehindRest(response: ClientResponse): void {
  // A head alone is not "complete" yet at the moment in which it comes.
  if (isUnfinished(response.req)) response.shouldKeepAlive = false;
}

/**
 * Ends a response with its last bytes. Where the request is not whole, all that there is of the response goes out first,
 * and the rest of the request is read and thrown away, within bounds of bytes and time. Never rejects.
 */
export async function endAfterRest(response: ClientResponse, bytes?: Buffer): Promise<void> {
  if (!isUnfinished(response.req)) {
    response.end(bytes);
    return;
  }
  if (bytes !== undefined && bytes.length > 0) response.write(bytes);
  else response.flushHeaders();
  await discard(response.req);
  if (!response.destroyed) response.end();
}

function isUnfinished(request: ClientRequest): boolean {
  return !request.complete && hasBody(request);
}

function discard(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const settle = (): void => {
      clearTimeout(late);
      clearTimeout(silent);
      request.off('data', onData).off('end', settle).off('close', settle).off('error', settle);
      // A client that does not read its answer must not go on sending to nobody.
      request.pause();
      resolve();
    };
    const late = setTimeout(settle, REST_MS);
    const silent = setTimeout(settle, SILENCE_MS);
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      silent.refresh();
      if (bytes > REST_BYTES) settle();
    };
    if (request.destroyed) return settle();
    request.unpipe();
    request.on('data', onData).on('end', settle).on('close', settle).on('error', settle).resume();
  });
}
