// Owns a WebSocket on its way: the handshake relayed by the engine, and both sockets given up when one of them is gone.
import type { Duplex } from 'node:stream';
import type { GateError } from '../base/errors.ts';
import type { Passage } from '../policy/decide.ts';
import { finalStatus } from '../upstream/upstreams.ts';
import { answer, answerError } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { Forward, ProxyEngine } from './proxy-engine.ts';
import { MAX_LENGTHENED_BYTES, readWhole, responseHeaders } from './relayed-answer.ts';

// For the last words of a WebSocket whose other end is gone.
const PARTING_MS = 5_000;

/** Resolves when the client's socket is closed. `failed` says what an upstream's error means. */
export function relayWebSocket(
  exchange: Exchange,
  socket: Duplex,
  head: Buffer,
  passage: Passage,
  forward: Forward,
  engine: ProxyEngine,
  failed: (error: unknown) => GateError,
): Promise<void> {
  const { request, live, story } = exchange;
  return new Promise((resolve) => {
    const askedMs = performance.now();
    let answered = false;
    let waiting: NodeJS.Timeout | undefined;
    const onReadable = (): void => {
      if (socket.readableLength === 0) socket.read();
    };
    const onEnd = (): void => void socket.destroy();
    const refuse = (error: unknown): void => {
      if (!answered) answerError(exchange, error);
      answered = true;
    };
    socket.once('close', resolve);
    engine.ws(request, socket, head, forward, {
      onRequest: (upstreamRequest) => {
        waiting = setTimeout(() => {
          refuse(failed(Object.assign(new Error('no reply'), { code: 'REPLY_TIMEOUT' })));
          upstreamRequest.destroy();
        }, passage.route.timeouts?.replyMs ?? live.limits.replyMs);
        upstreamRequest.once('close', () => clearTimeout(waiting));
        // The engine forgets the upstream where the client leaves before the handshake is done; and since nobody reads
        // the client's socket before, its FIN would not be seen.
        socket.once('close', () => upstreamRequest.destroy());
        socket.on('readable', onReadable).once('end', onEnd);
      },
      onUpgrade: (upstreamSocket) => {
        clearTimeout(waiting);
        socket.off('readable', onReadable).off('end', onEnd);
        answered = true;
        story.status = 101;
        story.upstreamMs = performance.now() - askedMs;
        // The engine ends one side where the other has ended; a peer that never ends its own would keep both.
        const part = (): void => {
          setTimeout(() => {
            socket.destroy();
            upstreamSocket.destroy();
          }, PARTING_MS).unref();
        };
        for (const side of [socket, upstreamSocket]) side.once('end', part).once('close', part);
      },
      onResponse: (response) => {
        clearTimeout(waiting);
        story.upstreamMs = performance.now() - askedMs;
        readWhole(response, MAX_LENGTHENED_BYTES, live.limits.idleMs)
          .then((body) => {
            const status = finalStatus(response.statusCode, response);
            answer(exchange, status, responseHeaders(exchange, passage, response), body);
            answered = true;
          })
          .catch((error) => refuse(failed(error)));
      },
      onError: (error) => {
        if (!socket.destroyed) refuse(failed(error));
      },
    });
  });
}
