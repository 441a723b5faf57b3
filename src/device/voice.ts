// Owns the device's WebSocket: its handshake, which wants a literal `HTTP/1.1 101`, and one conversation.

import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { dial, SCREEN_CODES, type Wiring } from './connection.ts';
import { decodeFrames, encodeFrame, type Frame, OPCODES } from './frames.ts';
import { type Link, parseVoiceLink } from './link.ts';

export type VoiceMessage = { binary: boolean; data: Buffer };

export type VoiceOutcome =
  | { outcome: 'open'; voice: VoiceChannel }
  /** `status` is null where no reply came; `code` as in the check. */
  | { outcome: 'failed'; code: number; status: number | null; because: string };

export type VoiceLimits = {
  /** For the 101 to come; 10 s on the device. */
  replyMs: number;
  /** Without data from the server the device gives up; 120 s on the device. */
  idleMs: number;
};

const MAX_HEAD_BYTES = 16 * 1024;
/** Messages that nobody has asked for yet; more end the conversation. */
const MAX_QUEUED_MESSAGES = 1024;

/**
 * The handshake's bytes. Headers are sorted by name, as in the firmware's std::map, Host first and **without a port**
 * (web_socket.cc), whatever the port of the link is.
 */
export function handshakeBytes(to: Link, headers: Readonly<Record<string, string>>, key: string): Buffer {
  const all = {
    ...headers,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
  };
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = [`GET ${to.path} HTTP/1.1`, `Host: ${to.host}`, ...sorted.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
}

/** Opens a conversation. Neither Sec-WebSocket-Accept nor Upgrade of the reply is looked at. Never rejects. */
export async function openVoice(
  url: string,
  headers: Readonly<Record<string, string>>,
  wiring: Wiring,
  limits: VoiceLimits,
): Promise<VoiceOutcome> {
  const parsed = parseVoiceLink(url);
  if (parsed.link === 'bad') return failed(SCREEN_CODES.noReply, null, parsed.because);
  const dialled = await dial(parsed.at, wiring);
  if (dialled.dialled === 'failed') return failed(dialled.code, null, dialled.because);
  const { socket } = dialled;
  socket.write(handshakeBytes(parsed.at, headers, randomBytes(16).toString('base64')));
  return new Promise((settle) => {
    let received: Buffer = Buffer.alloc(0);
    const end = (outcome: VoiceOutcome) => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose).off('error', onClose);
      if (outcome.outcome === 'failed') socket.on('error', () => {}).destroy();
      settle(outcome);
    };
    const onClose = () => end(failed(SCREEN_CODES.noReply, null, 'the connection ended before a reply'));
    const timer = setTimeout(
      () => end(failed(SCREEN_CODES.noReply, null, `no reply to the handshake within ${limits.replyMs} ms`)),
      limits.replyMs,
    );
    const onData = (data: Buffer) => {
      received = Buffer.concat([received, data]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) {
        if (received.length > MAX_HEAD_BYTES)
          end(failed(SCREEN_CODES.noReply, null, 'the head of the reply is too long'));
        return;
      }
      const head = received.subarray(0, headEnd).toString('latin1');
      if (head.includes('HTTP/1.1 101')) {
        end({ outcome: 'open', voice: new VoiceChannel(socket, received.subarray(headEnd + 4), limits.idleMs) });
        return;
      }
      const status = Number(/^HTTP\/[0-9.]+ ([0-9]{3})/.exec(head)?.[1] ?? Number.NaN);
      end(failed(SCREEN_CODES.noReply, Number.isNaN(status) ? null : status, `no 101: ${head.split('\r\n')[0]}`));
    };
    socket.on('data', onData).on('close', onClose).on('error', onClose);
  });
}

/** An open conversation. Pings are answered; messages wait until `receive` asks for them. */
export class VoiceChannel {
  /** Why the conversation ended; settles when it does. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #queue: VoiceMessage[] = [];
  readonly #waiting: ((message: VoiceMessage | null) => void)[] = [];
  readonly #idle: NodeJS.Timeout;
  #rest: Buffer = Buffer.alloc(0);
  #message: Frame[] = [];
  #end: (because: string) => void = () => {};
  #isOpen = true;

  constructor(socket: Socket, early: Buffer, idleMs: number) {
    this.#socket = socket;
    this.closed = new Promise((settle) => {
      this.#end = settle;
    });
    this.#idle = setTimeout(() => this.#shut('no data from the server'), idleMs);
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('close', () => this.#shut('the connection ended'));
    socket.on('error', (error) => this.#shut(error.message));
    if (early.length > 0) this.#take(early);
  }

  /** Sends one message: text as text, bytes as binary. False where the conversation has ended. */
  send(data: string | Buffer): boolean {
    if (!this.#isOpen) return false;
    const opcode = typeof data === 'string' ? OPCODES.text : OPCODES.binary;
    this.#write(opcode, typeof data === 'string' ? Buffer.from(data, 'utf8') : data);
    return true;
  }

  /** The next message, or null where the conversation has ended and nothing is left. */
  receive(): Promise<VoiceMessage | null> {
    const next = this.#queue.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (!this.#isOpen) return Promise.resolve(null);
    return new Promise((settle) => this.#waiting.push(settle));
  }

  /** A close frame, then the end of the connection. */
  close(): void {
    if (!this.#isOpen) return;
    this.#write(OPCODES.close, Buffer.alloc(0));
    this.#socket.end();
    this.#shut('closed by the device');
  }

  #write(opcode: number, payload: Buffer): void {
    this.#socket.write(encodeFrame(opcode, payload, randomBytes(4)));
  }

  #take(data: Buffer): void {
    this.#idle.refresh();
    const { frames, rest, tooLarge } = decodeFrames(Buffer.concat([this.#rest, data]));
    this.#rest = rest;
    for (const frame of frames) this.#onFrame(frame);
    if (tooLarge) this.#shut('a frame larger than the heap');
  }

  #onFrame(frame: Frame): void {
    if (frame.opcode === OPCODES.ping) this.#write(OPCODES.pong, frame.payload);
    else if (frame.opcode === OPCODES.close) this.#shut('closed by the server');
    else if (frame.opcode <= OPCODES.binary) this.#gather(frame);
  }

  #gather(frame: Frame): void {
    this.#message.push(frame);
    if (!frame.final) {
      if (this.#message.length > MAX_QUEUED_MESSAGES) this.#shut('a message of too many frames');
      return;
    }
    const binary = this.#message[0]?.opcode === OPCODES.binary;
    const message = { binary, data: Buffer.concat(this.#message.map(({ payload }) => payload)) };
    this.#message = [];
    const next = this.#waiting.shift();
    if (next !== undefined) next(message);
    else if (this.#queue.push(message) > MAX_QUEUED_MESSAGES) this.#shut('messages that nobody reads');
  }

  #shut(because: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#idle);
    if (because !== 'closed by the device') this.#socket.destroy();
    for (const settle of this.#waiting.splice(0)) settle(null);
    this.#end(because);
  }
}

function failed(code: number, status: number | null, because: string): VoiceOutcome {
  return { outcome: 'failed', code, status, because };
}
