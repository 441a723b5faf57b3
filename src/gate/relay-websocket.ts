// Owns a WebSocket on its way: the handshake relayed by the engine, and both sockets given up when one of them is gone.
import type { ClientRequest as UpstreamRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GateError } from '../base/errors.ts';
import type { Passage } from '../policy/decide.ts';
import { finalStatus } from '../upstream/failure.ts';
import { answer } from './answer.ts';
import { letGoOfHead } from './client.ts';
import type { Exchange } from './exchange.ts';
import type { Forward, ProxyEngine } from './proxy-engine.ts';
import { MAX_LENGTHENED_BYTES, readWhole, responseHeaders } from './relayed-answer.ts';

// For the last words of a WebSocket whose other end is gone.
const PARTING_MS = 5_000;

export type WebSocketWay = {
  socket: Duplex;
  /** What came behind the handshake; empty where the socket has it back already. */
  head: Buffer;
  passage: Passage;
  forward: Forward;
  /** What an upstream's error means. */
  failed: (error: unknown) => GateError;
  onAnswer: () => void;
};

/**
 * Resolves when the client's socket is closed.
 * @throws {GateError} where the upstream fails before it has answered the handshake: the client has heard nothing yet
 */
export function relayWebSocket(exchange: Exchange, way: WebSocketWay, engine: ProxyEngine): Promise<void> {
  const { request, live, story } = exchange;
  const { socket, head, passage, forward, failed, onAnswer } = way;
  return new Promise((resolve, reject) => {
    const askedMs = performance.now();
    let answered = false;
    let asked: UpstreamRequest | undefined;
    let waiting: NodeJS.Timeout | undefined;
    const onReadable = (): void => {
      if (socket.readableLength === 0) socket.read();
    };
    const onEnd = (): void => void socket.destroy();
    const onClose = (): void => {
      asked?.destroy();
      resolve();
    };
    const refuse = (error: unknown): void => {
      clearTimeout(waiting);
      if (answered) return;
      answered = true;
      socket.off('readable', onReadable).off('end', onEnd).off('close', onClose);
      reject(error);
    };
    socket.once('close', onClose);
    engine.ws(request, socket, head, forward, {
      onRequest: (upstreamRequest) => {
        asked = upstreamRequest;
        waiting = setTimeout(() => {
          refuse(failed(Object.assign(new Error('no reply'), { code: 'REPLY_TIMEOUT' })));
          upstreamRequest.destroy();
        }, passage.route.timeouts?.replyMs ?? live.limits.replyMs);
        upstreamRequest.once('close', () => clearTimeout(waiting));
        // The engine forgets the upstream where the client leaves before the handshake is done; and since nobody reads
        // the client's socket before, its FIN would not be seen.
        socket.on('readable', onReadable).once('end', onEnd);
      },
      onUpgrade: (upstreamSocket) => {
        clearTimeout(waiting);
        socket.off('readable', onReadable).off('end', onEnd);
        answered = true;
        // A session lasts: what its handshake took is let go.
        asked = undefined;
        letGoOfHead(request);
        onAnswer();
        story.status = 101;
        story.upstreamMs = performance.now() - askedMs;
        // The engine ends one side where the other has ended; a peer that never ends its own would keep both.
        const part = (): void => {
          setTimeout(() => {
            socket.destroy();
            upstreamSocket.destroy();
          }, PARTING_MS).unref();
        };
        endWhenIdle([socket, upstreamSocket], live.limits.webSocketIdleMs);
        for (const side of [socket, upstreamSocket]) side.once('end', part).once('close', part);
      },
      onResponse: (response) => {
        clearTimeout(waiting);
        story.upstreamMs = performance.now() - askedMs;
        readWhole(response, MAX_LENGTHENED_BYTES, live.limits.idleMs)
          .then((body) => {
            const status = finalStatus(response.statusCode, response);
            answered = true;
            onAnswer();
            answer(exchange, status, responseHeaders(exchange, passage, response), body);
          })
          .catch((error) => refuse(failed(error)));
      },
      onError: (error) => {
        if (!socket.destroyed) refuse(failed(error));
      },
    });
  });
}

/** Looks now and then, so that a frame costs nothing: what is idle lives for half as long again at most. */
function endWhenIdle(sides: readonly Duplex[], idleMs: number): void {
  let before = -1;
  let quietMs = 0;
  const everyMs = Math.ceil(idleMs / 2);
  const timer = setInterval(() => {
    const moved = sides.reduce((sum, side) => sum + ('bytesRead' in side ? Number(side.bytesRead) : 0), 0);
    quietMs = moved === before ? quietMs + everyMs : 0;
    before = moved;
    if (quietMs >= idleMs) for (const side of sides) side.destroy();
  }, everyMs).unref();
  for (const side of sides) side.once('close', () => clearInterval(timer));
}
