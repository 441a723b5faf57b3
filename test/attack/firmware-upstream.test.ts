// A server of firmware that means no good, or has gone: its headers, its redirects and its silences harm nobody.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { type Asked, fileServer, filesYaml, send } from '../rig/file-server.ts';
import { assertImage, fetchFrom, macOf, offeredPath, tryFetch, upgrade } from '../rig/firmware-links.ts';
import { ANY_OFFER, gateFor } from '../rig/gate.ts';
import { oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';
import { isAlive } from '../rig/process-facts.ts';
import { BOARD } from '../rig/sample-servers.ts';
import { storedFiles, workersOf } from '../rig/state-folder.ts';
import { headerOf, jsonOf } from '../rig/wire.ts';

const IMAGE = buildImage({ version: '1.0.0', size: 100_000 });

/** A head of bytes, as Node would never write it. */
function sendRaw(response: ServerResponse, fields: string): void {
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${IMAGE.length}\r\nConnection: close\r\n${fields}\r\n`;
  response.socket?.end(Buffer.concat([Buffer.from(head, 'latin1'), IMAGE]));
}

const heads: Record<string, string> = {
  'a name of 8,000 bytes': `Content-Disposition: attachment; filename="${'n'.repeat(8_000)}.bin"\r\n`,
  'a name that climbs': 'Content-Disposition: attachment; filename="../../../../etc/passwd"\r\n',
  'a name of bytes that are no text': 'Content-Disposition: attachment; filename="\xff\xfe\xe4\x80.bin"\r\n',
  'a name that drives a terminal':
    "Content-Disposition: attachment; filename*=UTF-8''%1b%5b2J%0d%0aX-Evil:%201.bin\r\n",
  'a name that is a prototype': 'Content-Disposition: attachment; filename="__proto__"\r\n',
  'a type of bytes that are no text': 'Content-Type: application/\xff\xe4\x80stream\r\n',
  'a type that is long': `Content-Type: application/octet-stream; x="${'y'.repeat(6_000)}"\r\n`,
  'a tab in its type': 'Content-Type: application/octet\tstream\r\n',
  'a tag of bytes that are no text': 'ETag: "\xff\x80\xe4"\r\n',
  'a tag that is none': 'ETag: one two "three"\r\n',
  'a date that is none': 'Last-Modified: yesterday, I think\r\nExpires: -1\r\nAge: minus\r\nDate: \r\n',
  'words that are none': 'Cache-Control: max-age=x, =, ,, no-, "max-age=5", s-maxage=99999999999999999999\r\n',
  'a prototype in its words': 'Cache-Control: __proto__=1, constructor=2, toString\r\nVary: __proto__\r\n',
};
const refusedHeads: Record<string, string> = {
  'a control character in its type': 'Content-Type: application/octet\x01stream\r\n',
  'a bare line feed in a header': 'X-One: 1\nX-Two: 2\r\n',
};

test('heads that are strange', { concurrency: true }, async (t) => {
  const names = [...Object.keys(heads), ...Object.keys(refusedHeads)];
  const files = await fileServer(t, ({ url }, response) => {
    const name = names[Number(/(\d+)$/.exec(url)?.[1])] ?? '';
    sendRaw(response, heads[name] ?? refusedHeads[name] ?? '');
  });
  const gate = await gateFor(t, filesYaml(files.origin, 'firmware: { recheck: 1h }'));
  const ran = names.map((name, index) =>
    t.test(name, async () => {
      for (const nth of [1, 2, 3]) {
        const reply = await fetchFrom(gate, `/fw/${index}`);
        if (reply.status === 502 && name in refusedHeads) continue;
        assertImage(reply, IMAGE, `${name}, download ${nth}`);
        const all = reply.headers.map(([field, value]) => `${field}: ${value}`).join('\n');
        assert.doesNotMatch(all, /[\x00-\x08\x0b-\x1f\x7f]/, name);
        assert.ok(all.length < 1_200, `${all.length} bytes of headers: old clients have small buffers`);
        assert.equal(headerOf(reply, 'X-Evil'), undefined);
      }
    }),
  );
  await Promise.all(ran);
  for (const line of gate.output) assert.doesNotMatch(line, /[\x00-\x08\x0b-\x1f\x7f]/, 'the log stays text');
  assert.deepEqual(
    gate.lines.filter(({ event }) => event === 'crash' || event === 'ask-failed'),
    [],
  );
});

test('redirects', async (t) => {
  const to: Record<string, string> = {
    loop: '/fw/loop',
    ping: '/fw/pong',
    pong: '/fw/ping',
    nowhere: '',
    scheme: 'ftp://127.0.0.1/fw/a.bin',
    blob: 'blob:http://127.0.0.1/x',
    user: 'http://user:word@127.0.0.1:1/fw/a.bin',
    control: 'http://127.0.0.1:1/fw/%00',
    other: 'http://169.254.169.254/latest/meta-data',
    long: `/fw/${'x'.repeat(7_000)}`,
  };
  const files = await fileServer(t, ({ url }, response) => {
    const location = to[url.slice('/fw/'.length)];
    if (location === undefined) return send(response, Buffer.alloc(0), {}, 404);
    const headers = location === '' ? {} : { Location: location };
    response.writeHead(302, { ...headers, 'Content-Length': '100000' }).end(Buffer.alloc(100_000));
  });
  const gate = await gateFor(t, filesYaml(files.origin));
  for (const name of Object.keys(to)) {
    files.asked.length = 0;
    const reply = await fetchFrom(gate, `/fw/${name}`);
    assert.match(String(jsonOf(reply).code), name === 'long' ? /LINK_DEAD|REPLY/ : /^FIRMWARE_REDIRECT$/, name);
    assert.ok(files.asked.length <= 7, `${name}: ${files.asked.length} requests`);
  }
  await until('no connection', () => files.open() <= 1);
});

test('a link whose upstream has left the configuration', async (t) => {
  const server = await oneTimeServer(t, { [BOARD]: { version: '2.0.1', bytes: IMAGE } });
  const gate = await gateFor(t, oneTimeYaml(server, ANY_OFFER));
  assertImage(await upgrade(gate, { mac: macOf(1) }), IMAGE);
  const path = await offeredPath(gate, { mac: macOf(2) });
  const files = await fileServer(t, (_, response) => send(response, IMAGE));
  assert.equal((await gate.reload(filesYaml(files.origin))).code, 0);
  assert.equal((await fetchFrom(gate, path)).status, 404);
  assert.equal(files.asked.length, 0, 'another upstream is not asked in its place');
});

test('an upstream of two addresses, the first of them dead', async (t) => {
  const files = await fileServer(t, (_, response) => send(response, IMAGE, { 'Cache-Control': 'max-age=60' }));
  const yaml = filesYaml(files.origin).replace(/main: "([^"]*)"/, `main: ["http://127.0.0.1:1", "$1"]`);
  const gate = await gateFor(t, yaml);
  await tryFetch(gate, '/fw/a.bin');
  assertImage(await fetchFrom(gate, '/fw/a.bin'), IMAGE, 'the second try at the latest');
});

test('breaks off where its first bytes are looked at', async (t) => {
  const server = await oneTimeServer(t, { [BOARD]: { version: '2.0.1', bytes: IMAGE, fileName: 'another.bin' } });
  server.send = (response, { bytes }, headers) => {
    response.writeHead(200, { ...headers, 'Content-Length': String(bytes.length) });
    response.write(bytes.subarray(0, 100));
    setTimeout(() => response.socket?.destroy(), 50);
  };
  const gate = await gateFor(t, oneTimeYaml(server, ANY_OFFER));
  const reply = await upgrade(gate);
  assert.equal(jsonOf(reply).code, 'UPSTREAM_RESET', reply.body.toString());
});

test('a gate process that stands still while its image comes hears of the end', async (t) => {
  let answered = 0;
  const later = (_: Asked, response: ServerResponse): void => {
    setTimeout(() => {
      answered += 1;
      send(response, IMAGE, { 'Cache-Control': 'no-store' });
    }, 600);
  };
  const files = await fileServer(t, later);
  const gate = await gateFor(t, filesYaml(files.origin));
  const [worker = 0] = workersOf(gate);
  t.after(() => isAlive(worker) && process.kill(worker, 'SIGCONT'));
  for (let round = 0; round < 3; round += 1) {
    const asked = files.asked.length;
    const reply = tryFetch(gate, '/fw/a.bin');
    await until('the question', () => files.asked.length > asked);
    process.kill(worker, 'SIGSTOP');
    const filled = (): number => gate.lines.filter(({ event }) => event === 'firmware-filled').length;
    await until('the whole image', () => answered === round + 1 && filled() === round + 1);
    process.kill(worker, 'SIGCONT');
    const beganMs = performance.now();
    assertImage(await reply, IMAGE);
    assert.ok(performance.now() - beganMs < 5_000);
  }
  assert.equal(storedFiles(`${gate.folder}/state`).images.length, 0);
});
