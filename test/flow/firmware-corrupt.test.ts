// A server with a broken file: no device ever holds the whole of it, the log says what is wrong, and the server is not
// asked for it again and again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildImage } from '../../src/demo/image.ts';
import { seeded } from '../policy/random.ts';
import { until } from '../rig/bounded.ts';
import { type FileServer, fileServer, filesYaml, send } from '../rig/file-server.ts';
import { assertImage, fetchFrom, isComplete, macOf, offeredPath, tryFetch, upgrade } from '../rig/firmware-links.ts';
import { ANY_OFFER, gateFor, type LogLine } from '../rig/gate.ts';
import { oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';
import { BOARD } from '../rig/sample-servers.ts';
import { headerOf, jsonOf } from '../rig/wire.ts';

const SIZE = 120_000;
const HANGS_MS = 4_000;
const random = seeded(20_26);
const whole = (version: string): Buffer => buildImage({ version, size: SIZE });

function flipped(bytes: Buffer, at: number, bit = 0): Buffer {
  const other = Buffer.from(bytes);
  other.writeUInt8((other[at] ?? 0) ^ (1 << bit), at);
  return other;
}

test('a broken file behind one-time links', async (t) => {
  const server = await oneTimeServer(t, {});
  const gate = await gateFor(t, oneTimeYaml(server, ANY_OFFER));
  /** Offers these bytes under a version of their own to four devices, and gives back what the gate logged of them. */
  const tryAll = async (version: string, bytes: Buffer) => {
    server.shelf.set(BOARD, { version, bytes });
    const before = server.downloads();
    const fileName = `${BOARD}_${version}.bin`;
    const failed = (): LogLine[] =>
      gate.lines.filter((line) => line.event === 'firmware-failed' && line.fileName === fileName);
    for (let number = 0; number < 4; number += 1) {
      const path = await offeredPath(gate, { mac: macOf(number) });
      const beganMs = performance.now();
      const reply = await fetchFrom(gate, path, {}, HANGS_MS).catch(() => null);
      assert.ok(performance.now() - beganMs < HANGS_MS, `${version}: the download ends when the image has failed`);
      assert.equal(isComplete(reply), false, `${version}: a device holds a complete wrong image`);
      assert.notEqual(reply?.status, 500, `${version}: ${reply?.body.toString()}`);
      assert.ok(reply?.status !== 200 || reply.body.length <= bytes.length - 4096, `${version}: the end is held back`);
      if (number === 2) await until('two fetches', () => failed().length > 1 || server.downloads() - before > 2);
    }
    return { fetched: server.downloads() - before, lines: failed() };
  };

  await t.test('one bit of its body: found, told, fetched again once, then refused', async () => {
    for (let index = 0; index < 20; index += 1) {
      const version = `4.0.${index}`;
      const at = 288 + random.below(SIZE - 288);
      const { fetched, lines } = await tryAll(version, flipped(whole(version), at, random.below(8)));
      assert.equal(fetched, 2, `${version}, bit at ${at}: twice, and no more`);
      assert.equal(lines.length, 2, version);
      for (const line of lines) {
        assert.equal(line.code, 'FIRMWARE_CORRUPT');
        assert.ok(line.expected && line.found && line.expected !== line.found, JSON.stringify(line));
      }
    }
    server.shelf.set(BOARD, { version: '4.1.0', bytes: whole('4.1.0') });
    assertImage(await upgrade(gate), whole('4.1.0'), 'the next version, at once');
  });

  await t.test('cut short, or too long, though its length is promised right', async () => {
    const files: Record<string, Buffer> = {
      '5.0.0': whole('5.0.0').subarray(0, 80_000),
      '5.0.1': whole('5.0.1').subarray(0, -1),
      '5.0.2': Buffer.concat([whole('5.0.2'), Buffer.alloc(100)]),
      '5.0.3': whole('5.0.3').subarray(0, 5_000),
    };
    for (const [version, bytes] of Object.entries(files)) {
      const { fetched, lines } = await tryAll(version, bytes);
      assert.equal(fetched, 2, version);
      assert.match(String(lines[0]?.code), /^FIRMWARE_(CORRUPT|UNFIT)$/);
    }
  });

  await t.test('a bit of its head: not one byte goes out, fetched again once, then refused', async () => {
    for (const at of [0, 1, 3, 12, 23, 24, 29, 30, 33, 48, 180]) {
      const version = `6.0.${at}`;
      const { fetched } = await tryAll(version, flipped(whole(version), at, 1));
      assert.equal(fetched, 2, `bit in byte ${at}`);
    }
  });

  await t.test('a merged image: refused by its name, and kept to cut the app out of it', async () => {
    server.shelf.set(BOARD, { version: '7.0.0', bytes: buildImage({ version: '7.0.0', size: SIZE, fault: 'merged' }) });
    for (let number = 0; number < 4; number += 1) {
      const reply = await tryFetch(gate, await offeredPath(gate, { mac: macOf(number) }));
      assert.notEqual(reply?.status, 200);
      assert.equal(reply && jsonOf(reply).code, 'FIRMWARE_MERGED');
    }
    const line = await gate.line((one) => one.event === 'firmware-filled' && one.kind === 'merged');
    assert.match(line.msg, /otagate firmware extract [0-9a-f]{12}/);
  });

  await t.test('an app for another chip is an app: it goes out whole', async () => {
    const bytes = buildImage({ version: '7.1.0', size: SIZE, fault: 'wrong-chip' });
    server.shelf.set(BOARD, { version: '7.1.0', bytes });
    assertImage(await upgrade(gate), bytes);
  });
});

test('what is no file at all, though it comes as 200, never reaches a device', async (t) => {
  const image = whole('8.0.0');
  const answers: Record<string, Parameters<typeof send> extends [unknown, ...infer Rest] ? Rest : never> = {
    'a page': [Buffer.from('<!doctype html><h1>Sign in</h1>'), { 'Content-Type': 'text/html; charset=utf-8' }],
    'an error as JSON': [Buffer.from('{"code":500,"msg":"error"}'), { 'Content-Type': 'application/json' }],
    'a problem as JSON': [Buffer.from('{"title":"error"}'), { 'Content-Type': 'application/problem+json' }],
    'gzip that nobody asked for': [gzipSync(image), { 'Content-Encoding': 'gzip' }],
    'nothing at all': [Buffer.alloc(0), {}],
  };
  const files: FileServer = await fileServer(t, (asked, response) => {
    const name = decodeURIComponent(asked.url.slice('/fw/'.length));
    const [bytes, headers] = answers[name] ?? [image, {}];
    send(response, bytes, headers);
  });
  const gate = await gateFor(t, filesYaml(files.origin));
  for (const name of Object.keys(answers)) {
    const before = files.asked.length;
    for (let tries = 0; tries < 3; tries += 1) {
      const reply = await fetchFrom(gate, `/fw/${encodeURIComponent(name)}`);
      assert.equal(reply.status, 502, name);
      assert.match(String(jsonOf(reply).code), /^(UPSTREAM_REPLY|FIRMWARE_(CORRUPT|UNFIT))$/, name);
      const line = await gate.line(({ id }) => id === headerOf(reply, 'X-Request-Id'));
      assert.ok(String(line.detail).length > 20, 'the record says what came');
    }
    assert.ok(files.asked.length - before <= 3, `${name}: ${files.asked.length - before} requests for three`);
  }
  assertImage(await fetchFrom(gate, '/fw/good.bin'), image);
});
