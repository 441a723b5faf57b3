// Owns the way to the admin API: JSON, lines of JSON, uploads with progress; the CSRF header, and errors by their code.
import type { Progress, Session } from '../api.ts';
import { LineCutter, readJson } from './event-stream.ts';

/** What the gate answered instead of what was asked for; `status` 0 where it did not answer at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, detail: string) {
    super(detail);
    this.code = code;
    this.status = status;
  }
}

export class Client {
  /** Told when a session has ended. */
  onSignedOut: () => void = () => {};
  /** The gate's clock minus this browser's, in milliseconds. */
  skewMs = 0;
  #csrf = '';

  async login(token: string): Promise<Session> {
    await this.post('login', { token });
    return this.session();
  }

  async session(): Promise<Session> {
    const session = await this.get<Session>('session');
    this.#csrf = session.csrf ?? '';
    return session;
  }

  get<T>(path: string): Promise<T> {
    return this.#json<T>('GET', path);
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#json<T>('POST', path, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.#json<T>('DELETE', path);
  }

  /** Asks for something long, and tells each step as it comes. */
  async steps<Step extends { step: string } = Progress>(
    path: string,
    body: unknown,
    onStep: (step: Step) => void,
  ): Promise<void> {
    const reply = await this.#fetch('POST', path, JSON.stringify(body));
    const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
    const cutter = new LineCutter();
    const tell = (line: string): void => {
      const step = readJson(line);
      if (typeof step === 'object' && step !== null && 'step' in step) onStep(step as Step);
    };
    for (;;) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) break;
      for (const line of cutter.push(piece.value)) tell(line);
    }
    tell(cutter.end());
  }

  /** The stream of events, from behind `lastEventId` on. */
  events(lastEventId: string, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (lastEventId !== '') headers['Last-Event-ID'] = lastEventId;
    return this.#fetch('GET', 'events', undefined, headers, signal);
  }

  /** Sends a file. `fetch` cannot tell how much of a body has gone: this takes XMLHttpRequest. */
  upload<T>(path: string, file: Blob, onSent: (bytes: number) => void, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('POST', `/api/v1/${path}`);
      request.setRequestHeader('Content-Type', 'application/octet-stream');
      request.setRequestHeader('X-Otagate-CSRF', this.#csrf);
      request.upload.onprogress = ({ loaded }) => onSent(loaded);
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve(readJson(request.responseText) as T);
        else reject(this.#fault(request.status, readJson(request.responseText)));
      };
      request.onerror = () => reject(unreachable());
      request.onabort = () => reject(new ApiError('ABORTED', 0, ''));
      signal.addEventListener('abort', () => request.abort(), { once: true });
      request.send(file);
    });
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const reply = await this.#fetch(method, path, body === undefined ? undefined : JSON.stringify(body));
    return readJson(await reply.text()) as T;
  }

  async #fetch(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
    signal: AbortSignal | null = null,
  ): Promise<Response> {
    const all = { ...headers };
    if (body !== undefined) all['Content-Type'] = 'application/json';
    if (method !== 'GET') all['X-Otagate-CSRF'] = this.#csrf;
    const init = { method, headers: all, signal, redirect: 'error' } as const;
    const reply = await fetch(`/api/v1/${path}`, body === undefined ? init : { ...init, body }).catch(() => {
      throw unreachable();
    });
    this.#setClock(reply);
    if (reply.ok) return reply;
    throw this.#fault(reply.status, readJson(await reply.text().catch(() => '')));
  }

  #fault(status: number, body: unknown): ApiError {
    const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown };
    if (status === 401) this.onSignedOut();
    return new ApiError(String(code ?? `HTTP_${status}`), status, String(detail ?? `HTTP ${status}`));
  }

  /** The Date header counts whole seconds: below two, the clocks agree. */
  #setClock(reply: Response): void {
    const serverMs = Date.parse(reply.headers.get('Date') ?? '');
    if (Number.isNaN(serverMs)) return;
    const skewMs = serverMs + 500 - Date.now();
    this.skewMs = Math.abs(skewMs) < 2_000 ? 0 : skewMs;
  }
}

function unreachable(): ApiError {
  return new ApiError('UNREACHABLE', 0, '');
}
