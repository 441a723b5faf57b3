// Owns downloads that take their time: the bytes are counted as they come, and the end is told as the client sees it.
import { get } from 'node:http';
import { get as getSecure } from 'node:https';
import type { GateRig } from './gate.ts';

export type SlowDownload = {
  bytes: () => number;
  /** Settles with the connection's end: whether all that Content-Length promised came. */
  ended: Promise<{ status: number; bytes: number; complete: boolean }>;
};

/** Begins a download; resolves once its head is there. */
export function beginDownload(
  gate: Pick<GateRig, 'http' | 'https' | 'root'>,
  path: string,
  from: string,
  scheme: 'http' | 'https' = 'http',
): Promise<SlowDownload> {
  const shared = {
    host: '127.0.0.1',
    port: gate[scheme],
    path,
    localAddress: from,
    headers: { Host: 'ota.test', Connection: 'close' },
  };
  return new Promise((resolve, reject) => {
    const request =
      scheme === 'http' ? get(shared) : getSecure({ ...shared, ca: gate.root, servername: 'ota.test', agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      let bytes = 0;
      const ended = new Promise<Awaited<SlowDownload['ended']>>((settle) => {
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('error', () => {});
        response.on('close', () => settle({ status: response.statusCode ?? 0, bytes, complete: response.complete }));
      });
      resolve({ bytes: () => bytes, ended });
    });
  });
}
