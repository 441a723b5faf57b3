// Carries out `files`: a file of a folder, with conditions and ranges; nothing that begins with a dot, nothing outside.
import { realpath } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { type SendResult, send } from '@fastify/send';
import { GateError } from '../../base/errors.ts';
import type { RouteConfig } from '../../config/config.ts';
import type { Decision } from '../../policy/decide.ts';
import { answer } from '../answer.ts';
import { chooseCoding, compressed } from '../compress.ts';
import type { Exchange } from '../exchange.ts';
import type { HeaderList } from '../headers.ts';
import { CODES, pump } from '../pump.ts';
import { closeBehindRest } from '../rest.ts';
import { withRouteHeaders } from '../route-headers.ts';

/** @throws {GateError} FILE_NOT_FOUND */
export async function carryOutFiles(
  exchange: Exchange,
  { route, path }: Extract<Decision, { action: 'files' }>,
): Promise<void> {
  const { outlet, story, request, live } = exchange;
  if (outlet.kind !== 'response' || route.target.kind !== 'files') return;
  const { folder } = route.target;
  const found = await find(exchange, route, path, folder);
  if (found.type === 'directory') {
    // As for every folder of the web: with its slash, relative links in its pages work.
    const location = withRouteHeaders(exchange, route, [['Location', `${path}/`]]);
    return answer(exchange, 301, location, Buffer.alloc(0));
  }
  const { statusCode: status } = found;
  const raw: HeaderList = Object.entries(found.headers).map(([name, value]) => [name, String(value)]);
  const { coding, headers } = chooseCoding(exchange, route, status, withRouteHeaders(exchange, route, raw));
  const type = found.headers['Content-Type'] ?? '';
  const source = coding === null || request.method === 'HEAD' ? found.stream : compressed(found.stream, coding, type);
  const { response } = outlet;
  if (response.destroyed) {
    source.destroy();
    return;
  }
  story.status = status;
  closeBehindRest(response);
  response.writeHead(status, [...headers, ['X-Request-Id', exchange.id] satisfies [string, string]].flat());
  const end = await pump(source, response, route.timeouts?.idleMs ?? live.limits.idleMs, (bytes) => {
    story.bytes += bytes;
  });
  if (end === 'complete' || end === 'client-left') return;
  story.code = CODES[end];
  story.detail = `the file ended after ${story.bytes} bytes: ${end}`;
}

async function find(exchange: Exchange, route: RouteConfig, path: string, root: string): Promise<SendResult> {
  const within = route.path.endsWith('/') ? `/${path.slice(route.path.length)}` : `/${basename(path)}`;
  const result = await send(exchange.request, within, {
    root,
    dotfiles: 'ignore',
    index: ['index.html'],
    cacheControl: false,
  });
  const isThere = result.type !== 'error' || result.statusCode === 412 || result.statusCode === 416;
  if (isThere && (result.type !== 'file' || (await isInside(result.metadata.path, root)))) return result;
  result.stream.destroy();
  throw new GateError('FILE_NOT_FOUND', 'there is no such file here', { fault: 'client', status: 404 });
}

/** Whether a file lies in the folder also when every link on its way is followed. */
async function isInside(file: string, folder: string): Promise<boolean> {
  const [real, root] = await Promise.all([realpath(file), realpath(folder)]).catch(() => ['', '/']);
  return real.startsWith(root.endsWith(sep) ? root : root + sep);
}
