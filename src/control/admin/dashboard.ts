// Owns the dashboard's files: index.html for every path that is none of the API's, so that a page can be opened anew.
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import serveStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from './refusals.ts';
import type { AdminApp } from './schema-compilers.ts';

const YEAR_S = 31_536_000;

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>otagate</title>
<h1>The dashboard is not built</h1>
<p>Run <code>npm run build</code>, then start otagate again. The API under <code>/api/v1/</code> works without it.</p>
</html>
`;

/** `folder` holds `index.html`, and under `assets/` files whose names change with their content. */
export async function dashboardFiles(app: AdminApp, folder: string): Promise<void> {
  const isBuilt = existsSync(join(folder, 'index.html'));
  if (isBuilt) await serveFiles(app, folder);
  app.setNotFoundHandler((request, reply) => {
    if (!isPage(request)) throw new Refusal(404, 'ROUTE_NOT_FOUND', 'there is nothing by this method and path');
    return isBuilt ? reply.sendFile('index.html') : sayNotBuilt(reply);
  });
}

async function serveFiles(app: AdminApp, folder: string): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (route.url === '/*') route.config = { ...route.config, access: 'open' };
  });
  await app.register(serveStatic, {
    root: folder,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders: (reply, path) => void reply.header('Cache-Control', cachingOf(path.slice(folder.length))),
  });
}

/** What is under assets/ never changes; what names it may at any time. */
function cachingOf(path: string): string {
  return path.startsWith(`${sep}assets${sep}`) ? `public, max-age=${YEAR_S}, immutable` : 'no-cache';
}

function isPage({ method, url }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && !/^\/(api|assets|metrics)(?:[/?]|$)/.test(url);
}

function sayNotBuilt(reply: FastifyReply): FastifyReply {
  return reply.code(200).type('text/html; charset=utf-8').send(NOT_BUILT);
}
