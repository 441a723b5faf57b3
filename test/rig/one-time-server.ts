// Owns a server of one-time links as the Java one makes them, with what a test has to know: who was given which link,
// how often each was fetched, and how many bytes it cost.
import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { createOneTimeLinks } from '../../src/demo/one-time-links.ts';
import { type FileServer, fileServer, send } from './file-server.ts';

export type Shelved = { version: string; bytes: Buffer; fileName?: string };

export type OneTimeServer = {
  files: FileServer;
  /** Board → its firmware. */
  shelf: Map<string, Shelved>;
  /** MAC → board. A device that is not in it gets the board that it claims, as at the real server. */
  bound: Map<string, string>;
  /** UUID → how often it was fetched. */
  gets: Map<string, number>;
  /** Sends a file; a test may put something else here. `nth` counts downloads from 1. */
  send: (response: ServerResponse, file: Shelved, headers: Record<string, string>, nth: number) => void;
  downloads: () => number;
  /** The most that any link was fetched. */
  mostGets: () => number;
};

const DOWNLOAD = '/xiaozhi/otaMag/download/';

/** Ends with the test. */
export async function oneTimeServer(
  t: Pick<TestContext, 'after'>,
  shelf: Record<string, Shelved>,
): Promise<OneTimeServer> {
  const links = createOneTimeLinks();
  let downloads = 0;
  const files = await fileServer(t, (asked, response) => {
    if (asked.url.startsWith(DOWNLOAD)) return download(asked.url.slice(DOWNLOAD.length), response);
    const { board, application } = JSON.parse(asked.body) as {
      board: { type: string };
      application: { version: string };
    };
    const name = server.bound.get(String(asked.headers['device-id'])) ?? board.type;
    const file = server.shelf.get(name);
    const firmware =
      file === undefined || file.version === application.version
        ? { version: application.version, url: '' }
        : { version: file.version, url: `http://172.18.0.5:8002${DOWNLOAD}${links.issue(name)}` };
    send(response, Buffer.from(JSON.stringify({ firmware })), { 'Content-Type': 'application/json' });
  });
  const download = (uuid: string, response: ServerResponse): void => {
    server.gets.set(uuid, (server.gets.get(uuid) ?? 0) + 1);
    const board = links.take(uuid);
    const file = board === undefined ? undefined : server.shelf.get(board);
    if (board === undefined || file === undefined) return void response.writeHead(404, { 'Content-Length': '0' }).end();
    const name = (file.fileName ?? `${board}_${file.version}.bin`).replace(/[^a-zA-Z0-9._-]/g, '_');
    downloads += 1;
    server.send(response, file, { 'Content-Disposition': `attachment; filename="${name}"` }, downloads);
  };
  const server: OneTimeServer = {
    files,
    shelf: new Map(Object.entries(shelf)),
    bound: new Map(),
    gets: new Map(),
    send: (response, { bytes }, headers) => send(response, bytes, headers),
    downloads: () => downloads,
    mostGets: () => Math.max(0, ...server.gets.values()),
  };
  return server;
}

/** The routes of a gate before it, all open by plain HTTP. */
export function oneTimeYaml(server: OneTimeServer, more = '', domain = 'ota.test'): string {
  return `domain: ${domain}
upstreams: { main: "${server.files.origin}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check, plainHttp: always }
  - { name: firmware, path: ${DOWNLOAD}, upstream: main, role: firmware, plainHttp: always }
${more}`;
}
