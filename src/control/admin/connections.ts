// Owns the connections of one door: how many there may be, which one gives way, and how long a body may take.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problem } from './refusals.ts';

export const MAX_CONNECTIONS = 256;
export const BODY_MS = 15_000;

type Running = { request: IncomingMessage; response: ServerResponse };

export class Connections {
  readonly #bodyMs: number;
  /** In the order in which they came. */
  readonly #open = new Set<Socket>();
  readonly #letIn = new WeakSet<Socket>();
  readonly #running = new WeakMap<Socket, Running>();
  readonly #deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>();

  constructor(bodyMs = BODY_MS) {
    this.#bodyMs = bodyMs;
  }

  /** Takes a new one. Past the bound the oldest that was never let in gives way: a stranger's idle ones shut nobody out. */
  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#open.size <= MAX_CONNECTIONS) return;
    const giving = [...this.#open].find((other) => !this.#letIn.has(other)) ?? socket;
    this.#open.delete(giving);
    giving.destroy();
  }

  /** Notes what runs on a connection, and gives its body a time to come in. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#running.set(request.socket, { request, response });
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (encoding !== undefined || Number(length ?? 0) > 0) this.limitBody(request, response);
  }

  /** Whoever made this request may: its connection gives way to nobody. */
  letIn(request: IncomingMessage): void {
    this.#letIn.add(request.socket);
  }

  /** From now on so many milliseconds for the rest of the body, whether somebody reads it or not. */
  limitBody(request: IncomingMessage, response: ServerResponse): void {
    this.unlimitBody(request);
    const timer = setTimeout(() => {
      if (!request.complete) endLate(request, response);
    }, this.#bodyMs).unref();
    this.#deadlines.set(request, timer);
    request.once('close', () => clearTimeout(timer));
  }

  /** For an upload: as long as bytes come, the door's idle timeout alone looks after it. */
  unlimitBody(request: IncomingMessage): void {
    clearTimeout(this.#deadlines.get(request));
  }

  /** Nothing moved on this connection for a while. One that waits for words of ours is kept; one that does not read them is not. */
  idle(socket: Socket): void {
    const running = this.#running.get(socket);
    const response = running?.request.complete === true ? running.response : undefined;
    const waits = response?.writableEnded === false && response.writableLength === 0;
    if (!waits) socket.destroy();
  }
}

function endLate(request: IncomingMessage, response: ServerResponse): void {
  if (!response.headersSent) {
    const body = JSON.stringify(problem(408, 'REQUEST_TIMEOUT', 'the body of this request did not come in time'));
    response.writeHead(408, { 'Content-Type': 'application/problem+json', Connection: 'close' });
    response.end(body);
  }
  request.socket.destroySoon();
}
