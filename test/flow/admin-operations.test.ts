// Long operations of the firmware store over real sockets: each step is told as it happens, no faster than it is read.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminActions } from '../../src/control/admin/actions.ts';
import { type AdminRig, json, startAdminRig } from '../rig/admin.ts';
import { IMAGE } from '../rig/admin-stand-ins.ts';
import { until } from '../rig/bounded.ts';
import { dial } from '../rig/raw-client.ts';

type Firmware = AdminActions['firmware'];

describe('a long operation', () => {
  let rig: AdminRig;
  before(async () => {
    rig = await startAdminRig();
  });
  after(() => rig.stop());
  const { warm } = { warm: async function* (): ReturnType<Firmware['warm']> {} };
  afterEach(() => {
    rig.actions.firmware.warm = warm;
  });
  const linesOf = (text: string): unknown[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

  it('tells each step as it happens', async () => {
    let goOn = (): void => {};
    rig.actions.firmware.warm = async function* () {
      yield { step: 'bytes', have: 1, length: 2 };
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      yield { step: 'image', image: IMAGE };
    };
    const client = await dial({ port: rig.port });
    client.send(
      `POST /api/v1/firmware/warm HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.tokens.admin}\r\n\r\n`,
    );
    await until('the first step', () => client.pending().includes('"step":"bytes"'));
    assert.ok(!client.pending().includes('"image"'));
    goOn();
    const reply = await client.reply();
    assert.equal(reply?.header('content-type'), 'application/x-ndjson');
    assert.deepEqual(linesOf(reply?.text ?? ''), [
      { step: 'bytes', have: 1, length: 2 },
      { step: 'image', image: IMAGE },
    ]);
    assert.deepEqual([rig.audit[0]?.what, rig.audit[0]?.who], ['firmware-added', 'page']);
    client.leave();
  });

  it('is answered with its fault where it cannot begin, and tells it as a step where it is under way', async () => {
    const unknown = await rig.ask('socket', '/api/v1/firmware/verify', json({ id: 'ffff' }));
    assert.deepEqual([unknown.status, (unknown.json as { code: string }).code], [404, 'FIRMWARE_UNKNOWN']);
    rig.actions.firmware.warm = async function* () {
      yield { step: 'bytes', have: 1, length: 2 };
      throw new Error('the disk is full');
    };
    const broken = await rig.ask('socket', '/api/v1/firmware/warm', { method: 'POST' });
    assert.equal(broken.status, 200);
    assert.deepEqual(linesOf(broken.text)[1], { step: 'failed', what: 'the operation', detail: 'the disk is full' });
  });

  it('goes no faster than it is read, and ends when its reader leaves', async () => {
    let steps = 0;
    let ended = false;
    rig.actions.firmware.warm = async function* () {
      try {
        for (;;) {
          steps += 1;
          yield { step: 'well', what: 'x'.repeat(10_000), detail: '' };
        }
      } finally {
        ended = true;
      }
    };
    const client = await dial({ port: rig.port });
    client.socket.pause();
    client.send(
      `POST /api/v1/firmware/warm HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.tokens.admin}\r\n\r\n`,
    );
    let before = -1;
    await until('a standstill', async () => {
      if (steps > 0 && steps === before) return true;
      before = steps;
      await sleep(200);
      return false;
    });
    assert.ok(steps < 2_000, `${steps} steps of 10 kB wait for a reader that takes none`);
    assert.equal(ended, false);
    client.reset();
    await until('its end', () => ended);
  });
});
