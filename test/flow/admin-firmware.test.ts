// The bytes of firmware over real sockets: they go up and come down without being held.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GateError } from '../../src/base/errors.ts';
import type { AdminActions } from '../../src/control/admin/actions.ts';
import { type AdminRig, bearer, startAdminRig } from '../rig/admin.ts';
import { IMAGE } from '../rig/admin-stand-ins.ts';
import { until } from '../rig/bounded.ts';
import { dial } from '../rig/raw-client.ts';

const MIB = 1024 * 1024;
const UPLOAD = { 'content-type': 'application/octet-stream' };

type Firmware = AdminActions['firmware'];

describe('an upload', () => {
  let rig: AdminRig;
  let add: Firmware['add'];
  let calls = 0;
  before(async () => {
    rig = await startAdminRig();
    const standIn = rig.actions.firmware.add;
    rig.actions.firmware.add = (bytes, name) => {
      calls += 1;
      return (add ?? standIn)(bytes, name);
    };
    add = standIn;
  });
  beforeEach(() => {
    calls = 0;
  });
  const restored = (t: { after: (done: () => void) => void }, stand: Firmware['add']): void => {
    const before = add;
    add = stand;
    t.after(() => {
      add = before;
    });
  };
  after(() => rig.stop());

  it('of 20 MB arrives whole, by every door, with its name', async () => {
    const bytes = randomBytes(20_000_000);
    const file = join(rig.folder, 'upload.bin');
    writeFileSync(file, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    for (const door of ['socket', 'tcp', 'public'] as const) {
      const told = await rig.ask(door, '/api/v1/firmware?fileName=board_2.0.0%20%C3%A9.bin', {
        method: 'POST',
        headers: { ...UPLOAD, ...bearer(rig.tokens.admin).headers },
        body: createReadStream(file),
      });
      assert.equal(told.status, 200, told.text);
      assert.deepEqual(told.json, { ...IMAGE, sha256, length: bytes.length, fileName: 'board_2.0.0 é.bin' });
    }
    assert.deepEqual(
      [rig.audit[0]?.what, rig.audit[0]?.detail],
      ['firmware-added', `board_2.0.0 é.bin ${sha256.slice(0, 12)}`],
    );
  });

  it('is read no faster than it is taken: what is not waits with its sender', async (t) => {
    let taken = 0;
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    restored(t, async (bytes) => {
      for await (const chunk of bytes) {
        taken += chunk.length;
        if (taken > 2 * MIB) await held;
      }
      return IMAGE;
    });
    const size = 40 * MIB;
    const chunk = Buffer.alloc(64 * 1024, 7);
    const client = await dial({ port: rig.port });
    const head = `POST /api/v1/firmware HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.tokens.admin}\r\n`;
    client.send(`${head}Content-Type: application/octet-stream\r\nContent-Length: ${size}\r\n\r\n`);
    let sent = 0;
    const sending = (async () => {
      for (; sent < size; sent += chunk.length)
        if (!client.socket.write(chunk)) await new Promise((resolve) => client.socket.once('drain', resolve));
    })();
    let before = -1;
    await until('a standstill', async () => {
      if (taken > 2 * MIB && sent === before) return true;
      before = sent;
      await sleep(200);
      return false;
    });
    // What the system's own buffers hold on the way, and little more.
    assert.ok(sent - taken < 14 * MIB, `the sender is ${Math.round((sent - taken) / MIB)} MiB ahead`);
    goOn();
    await sending;
    assert.equal((await client.reply())?.status, 200);
    assert.equal(taken, size);
    client.leave();
  });

  it('that is refused half-way hears why, although it still sends', async (t) => {
    restored(t, async (bytes) => {
      let length = 0;
      for await (const chunk of bytes) {
        length += chunk.length;
        if (length > MIB) throw new GateError('FIRMWARE_TOO_LARGE', 'too large', { fault: 'client', status: 413 });
      }
      return IMAGE;
    });
    for (let round = 0; round < 3; round += 1) {
      const told = await rig.ask('tcp', '/api/v1/firmware', {
        method: 'POST',
        headers: { ...UPLOAD, ...bearer(rig.tokens.admin).headers },
        body: Buffer.alloc(10 * MIB),
      });
      assert.deepEqual([told.status, (told.json as { code: string }).code], [413, 'FIRMWARE_TOO_LARGE']);
    }
  });

  it('without a right to it is not begun, and waits with its bytes where it asked whether it may', async () => {
    for (const headers of [{}, bearer('wrong').headers, bearer(rig.tokens.read).headers]) {
      const told = await rig.ask('tcp', '/api/v1/firmware', {
        method: 'POST',
        headers: { ...UPLOAD, ...headers },
        body: Buffer.alloc(3 * MIB),
      });
      assert.ok([401, 403].includes(told.status));
    }
    assert.equal(calls, 0);
    for (const [token, interim, status] of [
      [rig.tokens.read, [], 403],
      [rig.tokens.admin, [100], 200],
    ] as const) {
      const client = await dial({ port: rig.port });
      const head = `POST /api/v1/firmware HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
      client.send(`${head}Content-Type: application/octet-stream\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
      await until('a word', () => client.pending().length > 0);
      if (status === 200) client.send('bytes');
      const reply = await client.reply();
      assert.deepEqual([reply?.interim, reply?.status], [interim, status]);
      client.leave();
    }
  });

  it('of another type than bytes is refused', async () => {
    for (const [type, status] of [
      ['application/json', 400],
      ['text/plain', 415],
      ['multipart/form-data; boundary=x', 415],
    ] as const) {
      const headers = { 'content-type': type };
      assert.equal(
        (await rig.ask('socket', '/api/v1/firmware', { method: 'POST', headers, body: 'x' })).status,
        status,
      );
    }
    assert.equal((await rig.ask('socket', '/api/v1/firmware', { method: 'POST' })).status, 415);
    assert.equal(calls, 0);
  });

  it('that breaks off ends for its taker too, and is no fault of the gate', async (t) => {
    let ended = '';
    restored(t, async (bytes) => {
      try {
        for await (const chunk of bytes) assert.ok(chunk.length > 0);
        ended = 'well';
      } catch {
        ended = 'broken off';
      }
      throw new Error('broken off');
    });
    const client = await dial({ port: rig.port });
    const head = `POST /api/v1/firmware HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.tokens.admin}\r\n`;
    client.send(`${head}Content-Type: application/octet-stream\r\nContent-Length: 5000\r\n\r\nbytes`);
    await until('its beginning', () => calls === 1);
    client.reset();
    await until('its end', () => ended !== '');
    assert.equal(ended, 'broken off');
    assert.deepEqual(
      rig.lines.filter(({ event }) => event === 'admin-failed'),
      [],
    );
    assert.equal((await rig.ask('tcp', '/healthz')).status, 200);
  });
});

describe('a download', () => {
  it('gives the bytes with their length and a name, and ends in order where the file has gone', async (t) => {
    const rig = await startAdminRig();
    t.after(() => rig.stop());
    const path = `/api/v1/firmware/${IMAGE.sha256}/content`;
    const { fileOf } = rig.actions.firmware;
    rig.actions.firmware.fileOf = (id) => {
      const { image, file } = fileOf(id);
      return { file, image: { ...image, fileName: 'bo"ard\\_é%.bin' } };
    };
    const told = await rig.ask('tcp', path, bearer(rig.tokens.read));
    assert.deepEqual([told.status, told.text], [200, 'hello image']);
    assert.deepEqual(
      [told.headers['content-length'], told.headers['content-type']],
      ['11', 'application/octet-stream'],
    );
    const named = `attachment; filename="bo_ard____.bin"; filename*=UTF-8''bo%22ard%5C_%C3%A9%25.bin`;
    assert.equal(told.headers['content-disposition'], named);
    rig.actions.firmware.fileOf = (id) => {
      const found = fileOf(id);
      rmSync(found.file);
      return found;
    };
    const gone = await rig.ask('tcp', path, bearer(rig.tokens.read));
    assert.deepEqual([gone.status, (gone.json as { code: string }).code], [404, 'FIRMWARE_UNKNOWN']);
  });
});
