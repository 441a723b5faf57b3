// Owns large uploads: a form whose bytes follow from a seed, made while they are sent, never held whole.
import { createHash } from 'node:crypto';
import { type ClientRequest, request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { GateRig } from './gate.ts';

export type Upload = {
  scheme: 'http' | 'https';
  framing: 'content-length' | 'chunked';
  /** Of the whole form. */
  bytes: number;
  from: string;
};

export type Uploaded = { status: number; text: string /** Of all that was sent. */; md5: string };

const BOUNDARY = 'a-boundary-of-the-test';
const HEAD = Buffer.from(
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="firmware.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`,
);
const TAIL = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
const BLOCK = 256 * 1024;

/** Sends a form to the console's upload path, no faster than the gate takes it. */
export function upload(gate: Pick<GateRig, 'http' | 'https' | 'root'>, wish: Upload): Promise<Uploaded> {
  const headers: Record<string, string> = {
    Host: 'ota.test',
    'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
    Connection: 'close',
  };
  if (wish.framing === 'content-length') headers['Content-Length'] = String(wish.bytes);
  const options = {
    host: '127.0.0.1',
    port: gate[wish.scheme],
    method: 'POST',
    path: '/xiaozhi/otaMag/upload',
    localAddress: wish.from,
    headers,
  };
  return new Promise((resolve, reject) => {
    const sent =
      wish.scheme === 'http'
        ? request(options)
        : requestSecurely({ ...options, ca: gate.root, servername: 'ota.test', agent: false });
    let md5 = '';
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, md5 }));
    });
    send(sent, wish.bytes).then((digest) => {
      md5 = digest;
    }, reject);
  });
}

async function send(to: ClientRequest, bytes: number): Promise<string> {
  const digest = createHash('md5');
  const block = Buffer.alloc(BLOCK);
  const write = async (part: Buffer): Promise<void> => {
    digest.update(part);
    if (!to.write(part)) await new Promise((resolve) => to.once('drain', resolve));
  };
  await write(HEAD);
  for (let left = bytes - HEAD.length - TAIL.length; left > 0; left -= BLOCK) {
    // A new buffer each time: the one before may still be on its way.
    block.writeUInt32BE(left, 0);
    await write(Buffer.from(block.subarray(0, Math.min(BLOCK, left))));
  }
  await write(TAIL);
  to.end();
  return digest.digest('hex');
}
