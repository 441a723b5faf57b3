// The bytes of an image on their way to a device: over real sockets, from memory, from disk, and behind a fill.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrowingFile } from '../../src/firmware/growing-file.ts';
import type { Lane } from '../../src/firmware/pace.ts';
import { type SendEnd, sendImage } from '../../src/gate/send-image.ts';
import type { FillState } from '../../src/link/firmware.ts';
import { until, within } from '../rig/bounded.ts';
import { freshFolder } from '../store/fresh-folder.ts';

// More than the buffers of the system take in.
const LENGTH = 12 * 1024 * 1024;
const BYTES = Buffer.alloc(LENGTH, 'firmware ');
const FREE: Lane = { admission: () => 0, take: (bytes) => ({ bytes }), leave: () => {} };
const WHOLE: FillState = { kind: 'whole', sha256: '0f'.repeat(32) };

type Options = {
  lane?: Lane;
  memory?: boolean;
  start?: number;
  end?: number;
  idleMs?: number;
  encrypted?: boolean;
  /** The connection breaks when so many bytes went out. */
  breaksAt?: number;
};
type Sending = {
  socket: Socket;
  ended: Promise<SendEnd>;
  sent: () => number;
  body: () => Buffer;
  closed: () => boolean;
};

async function fileOf(t: TestContext, state: FillState, bytes = BYTES): Promise<{ file: GrowingFile; path: string }> {
  const path = join(freshFolder(), 'a.part');
  writeFileSync(path, bytes);
  const named = { fileName: 'a', contentType: 'b', lastModifiedMs: null, app: null };
  const object = { id: 'i', file: path, length: LENGTH, state, stored: true, ...named };
  const file = new GrowingFile(object);
  await file.enter();
  t.after(() => file.leave());
  return { file, path };
}

/** Begins to send to a client that reads only when it is told. */
async function begin(t: TestContext, file: GrowingFile, options: Options = {}): Promise<Sending> {
  const { lane = FREE, memory = false, start = 0, end = LENGTH, idleMs = 5_000, encrypted = false } = options;
  const { breaksAt = Number.POSITIVE_INFINITY } = options;
  let bytes = 0;
  const begun = Promise.withResolvers<Promise<SendEnd>>();
  const server: Server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Length': String(end - start) });
    const part = { file, bytes: memory ? BYTES : null, start, end };
    const onBytes = (count: number): void => {
      bytes += count;
      if (bytes >= breaksAt) response.socket?.destroy();
    };
    begun.resolve(
      sendImage(response, part, lane, { tlsWriteBytes: encrypted ? () => 64 * 1024 : null, idleMs, onBytes }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  t.after(() => {
    socket.destroy();
    server.close();
  });
  let closed = false;
  const chunks: Buffer[] = [];
  socket
    .on('error', () => {})
    .on('close', () => {
      closed = true;
    });
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const ended = within(
    'the end of the sending',
    begun.promise.then((end) => end),
    20_000,
  );
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.pause();
  const body = (): Buffer => {
    const all = Buffer.concat(chunks);
    return all.subarray(all.indexOf('\r\n\r\n') + 4);
  };
  return { socket, ended, sent: () => bytes, body, closed: () => closed };
}

async function whole(sending: Sending): Promise<Buffer> {
  sending.socket.resume();
  await until('the end of the connection', sending.closed, 15_000);
  return sending.body();
}

describe('an image that is whole', () => {
  for (const [what, options] of Object.entries<Options>({
    'from memory': { memory: true },
    'from disk': {},
    'from memory, over TLS': { memory: true, encrypted: true },
    'from disk, over TLS': { encrypted: true },
    'a part of it': { memory: true, start: 1_000_000, end: 9_000_000 },
    'its last byte': { start: LENGTH - 1 },
  })) {
    it(`goes out byte for byte: ${what}`, async (t) => {
      const { file } = await fileOf(t, WHOLE);
      const sending = await begin(t, file, options);
      const body = await whole(sending);
      assert.equal((await sending.ended).kind, 'complete');
      assert.ok(body.equals(BYTES.subarray(options.start ?? 0, options.end ?? LENGTH)));
      assert.equal(sending.sent(), body.length);
    });
  }

  for (const memory of [true, false])
    for (const encrypted of [true, false])
      it(`counts nothing that goes nowhere: ${memory ? 'from memory' : 'from disk'}${encrypted ? ', over TLS' : ''}`, async (t) => {
        const { file } = await fileOf(t, WHOLE);
        const sending = await begin(t, file, { memory, encrypted, breaksAt: 200_000 });
        sending.socket.resume();
        const end = await sending.ended;
        assert.equal(end.kind === 'cut' && end.code, 'CLIENT_GONE');
        assert.ok(sending.sent() < 600_000, `${sending.sent()} of ${LENGTH}`);
      });

  it('is read from the disk only as fast as it is taken', async (t) => {
    const { file } = await fileOf(t, WHOLE);
    const sending = await begin(t, file);
    await sleep(300);
    const sent = sending.sent();
    assert.ok(sent < LENGTH, `${sent}`);
    await sleep(200);
    assert.equal(sending.sent(), sent);
    sending.socket.destroy();
    assert.equal((await sending.ended).kind, 'cut');
  });

  it('goes out to a slow reader, however long it takes, if each moment brings some of it', async (t) => {
    for (const memory of [true, false]) {
      const { file } = await fileOf(t, WHOLE);
      const sending = await begin(t, file, { memory, idleMs: 500 });
      const reading = setInterval(() => sending.socket.read(262_144), 20);
      sending.socket.on('close', () => clearInterval(reading));
      const end = await sending.ended;
      clearInterval(reading);
      assert.equal(end.kind, 'complete', `${memory ? 'from memory' : 'from disk'}: ${JSON.stringify(end)}`);
    }
  });

  for (const memory of [true, false]) {
    it(`is cut for who takes nothing, ${memory ? 'from memory' : 'from disk'}`, async (t) => {
      const { file } = await fileOf(t, WHOLE);
      const end = await (await begin(t, file, { memory, idleMs: 300 })).ended;
      assert.equal(end.kind === 'cut' && end.code, 'CLIENT_GONE');
    });
  }

  it('is cut visibly where its file is too short', async (t) => {
    const { file } = await fileOf(t, WHOLE, BYTES.subarray(0, 1_000_000));
    const sending = await begin(t, file);
    const body = await whole(sending);
    const end = await sending.ended;
    assert.equal(end.kind === 'cut' && end.code, 'INTERNAL');
    assert.ok(body.length <= 1_000_000);
  });

  it('goes out as its lane says', async (t) => {
    const { file } = await fileOf(t, WHOLE);
    let turns = 0;
    const lane: Lane = {
      ...FREE,
      take: (wanted) => {
        turns += 1;
        return turns % 2 === 1 ? { waitMs: 20.5 } : { bytes: Math.min(wanted, 1_000) };
      },
    };
    const beganMs = performance.now();
    const sending = await begin(t, file, { memory: true, lane, end: 10_000 });
    assert.ok((await whole(sending)).equals(BYTES.subarray(0, 10_000)));
    assert.ok(performance.now() - beganMs > 200);
    assert.equal(turns, 20, 'each wait is as long as it was told');
  });

  it('ends at once for a client that leaves while it waits for its turn', async (t) => {
    const { file } = await fileOf(t, WHOLE);
    const sending = await begin(t, file, { lane: { ...FREE, take: () => ({ waitMs: 2_000 }) } });
    await sleep(100);
    sending.socket.destroy();
    const end = await within('the end', sending.ended);
    assert.equal(end.kind === 'cut' && end.code, 'CLIENT_GONE');
  });
});

describe('an image that is on its way', () => {
  it('goes out as it comes, but for its last bytes', async (t) => {
    const { file, path } = await fileOf(t, { kind: 'filling', have: 500_000 });
    const sending = await begin(t, file);
    sending.socket.resume();
    await until('what is there', () => sending.body().length === 500_000);
    file.update({ file: path, state: { kind: 'filling', have: LENGTH } });
    await until('all but the end', () => sending.body().length === LENGTH - 4096);
    await sleep(50);
    assert.equal(sending.body().length, LENGTH - 4096);
    file.update({ file: path, state: WHOLE });
    assert.ok((await whole(sending)).equals(readFileSync(path)));
    assert.equal((await sending.ended).kind, 'complete');
  });

  it('is cut where it fails, with the reason', async (t) => {
    const { file, path } = await fileOf(t, { kind: 'filling', have: 500_000 });
    const sending = await begin(t, file);
    sending.socket.resume();
    await until('what is there', () => sending.body().length === 500_000);
    file.update({ file: path, state: { kind: 'failed', code: 'FIRMWARE_CORRUPT', detail: 'not right' } });
    const end = await sending.ended;
    assert.deepEqual(end.kind === 'cut' && [end.code, end.detail], ['FIRMWARE_CORRUPT', 'not right']);
    await until('the end of the connection', sending.closed);
    assert.ok(sending.body().length < LENGTH);
  });

  it('ends at once for a client that leaves, and is read on by the others', async (t) => {
    const { file, path } = await fileOf(t, { kind: 'filling', have: 1_000 });
    const [leaving, staying] = [await begin(t, file), await begin(t, file)];
    staying.socket.resume();
    await until('what is there', () => staying.body().length === 1_000);
    leaving.socket.destroy();
    assert.equal((await within('the end', leaving.ended)).kind, 'cut');
    file.update({ file: path, state: WHOLE });
    assert.ok((await whole(staying)).equals(BYTES));
  });

  it('goes on where its bytes have moved to', async (t) => {
    const { file } = await fileOf(t, { kind: 'filling', have: 2_000_000 }, BYTES.subarray(0, 2_000_000));
    const sending = await begin(t, file);
    sending.socket.resume();
    await until('what is there', () => sending.body().length === 2_000_000);
    const elsewhere = join(freshFolder(), 'b.part');
    writeFileSync(elsewhere, BYTES);
    file.update({ file: elsewhere, state: { kind: 'filling', have: 4_000_000 } });
    await until('more', () => sending.body().length === 4_000_000);
    file.update({ file: elsewhere, state: WHOLE });
    assert.ok((await whole(sending)).equals(BYTES));
  });
});
