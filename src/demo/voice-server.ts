// The sample voice server (port 8000): upgrades only where `Connection` is exactly "upgrade", then echoes data frames.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestLog } from './request-log.ts';
import type { Listening } from './sample-upstream.ts';
import { listen } from './sample-upstream.ts';
import { createFrameReader, encodeFrame, type Frame, FrameError, OPCODE } from './websocket-frames.ts';

/** RFC 6455, section 1.3 */
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const SERVER = 'Python/3.11 websockets/14.2';

/**
 * Any path is upgraded, as by the real one. Counts `voice`, `voice-plain` and `voice-refused`.
 * @throws the system's error where the port is taken.
 */
export async function startVoiceServer(log: RequestLog, host?: string, port?: number): Promise<Listening> {
  const voice = await listen(
    async (request, response) => {
      log.record(request, 'voice-plain');
      // Whatever came with it, the library writes its reply by hand and ends the connection.
      response.socket?.end(plainReply(200, 'OK', RUNNING));
    },
    host,
    port,
  );
  voice.server.on('upgrade', (request: IncomingMessage, socket: Duplex, early: Buffer) => {
    // The quirk that a proxy has to respect: with `keep-alive, Upgrade` it takes the request for a plain one.
    if (request.headers.connection?.toLowerCase() !== 'upgrade') {
      log.record(request, 'voice-plain');
      socket.end(plainReply(200, 'OK', RUNNING));
      return;
    }
    const key = request.headers['sec-websocket-key'] ?? '';
    const complete =
      request.headers.upgrade?.toLowerCase() === 'websocket' &&
      request.headers['sec-websocket-version'] === '13' &&
      Buffer.from(key, 'base64').length === 16;
    log.record(request, complete ? 'voice' : 'voice-refused');
    if (!complete) {
      socket.end(plainReply(400, 'Bad Request', 'Failed to open a WebSocket connection.\n'));
      return;
    }
    socket.write(switchingProtocols(key));
    echo(socket, early);
  });
  return voice;
}

const RUNNING = 'Server is running\n';

function plainReply(status: number, reason: string, text: string): string {
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Content-Type: text/plain; charset=utf-8',
    `Server: ${SERVER}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

function switchingProtocols(key: string): string {
  const accept = createHash('sha1').update(`${key}${HANDSHAKE_GUID}`).digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    `Date: ${new Date().toUTCString()}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    `Server: ${SERVER}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function echo(socket: Duplex, early: Buffer): void {
  const reader = createFrameReader();
  const take = (chunk: Buffer) => {
    try {
      for (const frame of reader.push(chunk)) {
        if (!answerFrame(socket, frame)) return;
      }
    } catch (error) {
      sayGoodbye(socket, error instanceof FrameError ? error.closeCode : 1011);
    }
  };
  socket.on('data', take);
  socket.on('end', () => socket.end());
  // What the peer does not read is not read from it either.
  socket.on('drain', () => socket.resume());
  if (early.length > 0) take(early);
}

/** False once the conversation is over. */
function answerFrame(socket: Duplex, frame: Frame): boolean {
  switch (frame.opcode) {
    case OPCODE.close:
      // The same code goes back (section 5.5.1), and the server is the one to end the connection (7.1.1).
      socket.end(encodeFrame(frame));
      return false;
    case OPCODE.ping:
      return send(socket, { ...frame, opcode: OPCODE.pong });
    case OPCODE.pong:
      return true;
    default:
      return send(socket, frame);
  }
}

function send(socket: Duplex, frame: Frame): boolean {
  if (!socket.writable) return false;
  if (!socket.write(encodeFrame(frame))) socket.pause();
  return true;
}

function sayGoodbye(socket: Duplex, closeCode: number): void {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(closeCode);
  socket.removeAllListeners('data');
  socket.resume();
  if (socket.writable) socket.end(encodeFrame({ final: true, opcode: OPCODE.close, payload }));
}
