// Owns a stand-in for a provider's HTTP API: a real server on the loopback that keeps what it was asked.
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { GateError } from '../../../src/base/errors.ts';

export type Asked = { method: string; url: URL; headers: IncomingHttpHeaders; body: string };
export type Reply = { status?: number; headers?: Record<string, string>; body: unknown };

/** `next` replies, where given, go before what `answer` says. A string body is sent as it is. */
export type ApiServer = { endpoint: string; asked: Asked[]; next: Reply[]; close(): void };

export async function startApi(answer: (asked: Asked) => Reply): Promise<ApiServer> {
  const asked: Asked[] = [];
  const next: Reply[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one: Asked = {
        method: request.method ?? '',
        url: new URL(request.url ?? '/', 'http://api'),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      asked.push(one);
      const { status = 200, headers = {}, body } = next.shift() ?? answer(one);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref(); // a test that fails before it closes this must still end
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { endpoint: `http://127.0.0.1:${address.port}`, asked, next, close };
}

/** The GateError that this ends in: of this code, and without any of these secrets. */
export async function gateError(call: Promise<void>, code: string, secrets: readonly string[]): Promise<GateError> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof GateError, String(error));
  assert.equal(error.code, code, error.message);
  const said = `${error.message} ${JSON.stringify(error.facts)}`;
  for (const secret of secrets) assert.ok(!said.includes(secret), said);
  return error;
}
