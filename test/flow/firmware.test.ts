// A firmware link of ours always answers with a length or a plain refusal, whatever its server does.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from '../../src/demo/faults.ts';
import { ANY_OFFER, type GateRig, gateFor } from '../rig/gate.ts';
import { BOARD, firmwareOf, fullPreset, javaServer, pythonServer, serverPreset } from '../rig/sample-servers.ts';
import { plainReply, receivedHeader, scriptedUpstream } from '../rig/scripted-upstream.ts';
import { CHECK_HEADERS, checkBody, deviceOf, LAN, otaUrl } from '../rig/test-device.ts';
import { ask, headerOf, jsonOf, type RawReply } from '../rig/wire.ts';

const FIRMWARE = firmwareOf();
const IMAGE = FIRMWARE[BOARD]?.bytes ?? Buffer.alloc(0);

/** The sealed link that a check hands out, as a path. */
async function sealedPath(gate: GateRig, host = 'ota.test'): Promise<string> {
  const reply = await ask(
    { port: gate.http, from: LAN },
    { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: checkBody(), host },
  );
  const { firmware } = jsonOf(reply) as { firmware: { url: string } };
  assert.match(firmware.url, /\/~[A-Za-z0-9_-]{40,}$/);
  assert.ok(firmware.url.length <= 250, 'what the oldest client can hold');
  return new URL(firmware.url).pathname;
}

function get(gate: GateRig, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawReply> {
  return ask({ port: gate.http, from: LAN }, { method, path, headers });
}

function assertWhole(reply: RawReply, what: string, image = IMAGE): void {
  assert.equal(reply.status, 200, what);
  assert.equal(headerOf(reply, 'Content-Length'), String(image.length), what);
  assert.equal(headerOf(reply, 'Transfer-Encoding'), undefined, what);
  assert.equal(digest(reply.body), digest(image), what);
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

for (const server of ['java', 'python'] as const) {
  test(`the sealed link of a check: ${server}`, async (t) => {
    const faults: Faults = {};
    const upstream =
      server === 'java'
        ? await javaServer(t, { faults, firmware: FIRMWARE })
        : await pythonServer(t, { faults, firmware: FIRMWARE });
    const preset = server === 'java' ? fullPreset(upstream) : serverPreset(upstream.origin);
    const gate = await gateFor(t, `domain: ota.test\n${preset}\n${ANY_OFFER}`);
    // Other bytes under another version, so that nothing of what was fetched before is served.
    const nextVersion = (version: string): Buffer => {
      const next = firmwareOf(version)[BOARD] ?? { version, bytes: Buffer.alloc(0) };
      upstream.firmware.set(BOARD, next);
      return next.bytes;
    };
    let versions = 0;
    const withFaults = async (planted: Faults, use: (path: string, image: Buffer) => Promise<void>): Promise<void> => {
      versions += 1;
      const image = nextVersion(`3.0.${versions}`);
      Object.assign(faults, planted);
      try {
        await use(await sealedPath(gate), image);
      } finally {
        for (const key of Object.keys(planted)) Reflect.deleteProperty(faults, key);
      }
    };

    await t.test('comes whole, with its length, however the server frames it', async () => {
      const ways: Faults[] = [
        {},
        { chunkedReplies: true },
        { noContentLength: true },
        { redirectDownloads: true },
        { gzip: 'accepted' },
        { earlyHints: true },
      ];
      for (const planted of ways) {
        await withFaults(planted, async (path, image) =>
          assertWhole(await get(gate, path), JSON.stringify(planted), image),
        );
      }
    });

    await t.test('cut short by the server, it is visibly short', async () => {
      for (const framing of [{}, { chunkedReplies: true }]) {
        await withFaults({ truncateAt: 40_000, ...framing }, async (path) => {
          const reply = await get(gate, path).catch(() => null);
          if (framing.chunkedReplies) {
            // Without a length it is read whole first, so that nothing has gone out by then.
            // A one-time link may be used up by then.
            assert.ok([404, 502].includes(reply?.status ?? 0), `${reply?.status}`);
            return;
          }
          assert.ok(reply);
          // Given up before the device came, it is refused by its reason; a one-time link may be used up by then.
          if (reply.status !== 200)
            return assert.match(String(jsonOf(reply).code), /^(UPSTREAM_RESET|FIRMWARE_LINK_DEAD)$/);
          assert.equal(headerOf(reply, 'Content-Length'), String(IMAGE.length));
          assert.equal(reply.whole, false);
          assert.ok(reply.body.length <= 3 * 40_000, 'a server that knows ranges is asked for the rest, twice');
          const line = await gate.line(({ id }) => id === headerOf(reply, 'X-Request-Id'));
          assert.equal(line.code, 'UPSTREAM_RESET', 'what broke off, not what the link said when it was tried again');
          assert.match(String(line.detail), /the download ended after \d+ of \d+ bytes/);
        });
      }
    });

    await t.test('gone on the server, it is 404 with a length', async () => {
      await withFaults({ downloadStatus: 404 }, async (path) => {
        const reply = await get(gate, path);
        assert.equal(reply.status, 404);
        assert.equal(jsonOf(reply).code, 'FIRMWARE_LINK_DEAD');
        assert.equal(headerOf(reply, 'Content-Length'), String(reply.body.length));
      });
    });

    await t.test('a redirect to a stranger is not followed', async () => {
      const stranger = await scriptedUpstream(t, () => plainReply(IMAGE));
      await withFaults({ redirectDownloads: `${stranger.origin}/fw.bin` }, async (path) => {
        const reply = await get(gate, path);
        assert.equal(reply.status, 502);
        assert.equal(jsonOf(reply).code, 'FIRMWARE_REDIRECT');
        assert.equal(stranger.connections, 0);
      });
      await withFaults({ redirectDownloads: 'file:///etc/passwd' }, async (path) => {
        assert.equal((await get(gate, path)).status, 502);
      });
    });

    await t.test('changed, invented or of another route, it is 404 and never asked for', async () => {
      const path = await sealedPath(gate);
      assert.equal((await get(gate, path)).status, 200);
      const before = upstream.hits.get('download');
      const last = path.at(-1) === 'A' ? 'B' : 'A';
      const middle = path.length - 30;
      const bad = [
        `${path.slice(0, -1)}${last}`,
        `${path.slice(0, middle)}${path[middle] === 'A' ? 'B' : 'A'}${path.slice(middle + 1)}`,
        path.slice(0, -4),
        `${path}AAAA`,
        path.replace(/~.*/, `~${'A'.repeat(100)}`),
      ];
      for (const one of bad) {
        const reply = await get(gate, one);
        assert.equal(reply.status, 404, one);
        assert.equal(jsonOf(reply).because, 'seal-damaged', one);
      }
      assert.equal(upstream.hits.get('download'), before);
    });

    await t.test('HEAD never uses up a one-time link', async () => {
      const image = nextVersion('4.0.0');
      const before = upstream.hits.get('download') ?? 0;
      const path = await sealedPath(gate);
      const reply = await get(gate, path, {}, 'HEAD');
      assert.equal(reply.status, 200);
      assert.equal(headerOf(reply, 'Content-Length'), String(image.length));
      for (let tries = 0; tries < 4; tries += 1) assertWhole(await get(gate, path), `GET ${tries + 1}`, image);
      // A stable link is asked about by conditional requests, which cost nothing.
      if (server === 'java')
        assert.equal(upstream.hits.get('download'), before + 1, 'one GET for the offer, none after');
      assert.equal((await get(gate, path, {}, 'POST')).status, 405);
    });

    await t.test('older than limits.link, it is 404', async () => {
      assert.equal((await gate.reload(`domain: ota.test\nlimits: { link: 1s }\n${preset}`)).code, 0);
      const path = await sealedPath(gate);
      await sleep(1_100);
      const reply = await get(gate, path);
      assert.equal(reply.status, 404);
      assert.equal(jsonOf(reply).code, 'FIRMWARE_LINK_EXPIRED');
    });
  });
}

test('ranges and conditions pass at a server that knows them', async (t) => {
  const python = await pythonServer(t, { firmware: FIRMWARE });
  const gate = await gateFor(t, `domain: ota.test\n${serverPreset(python.origin)}`);
  const path = await sealedPath(gate);
  assert.equal((await get(gate, path)).status, 200);
  const part = await get(gate, path, { Range: 'bytes=100-131' });
  assert.equal(part.status, 206);
  assert.equal(headerOf(part, 'Content-Range'), `bytes 100-131/${IMAGE.length}`);
  assert.equal(headerOf(part, 'Content-Length'), '32');
  assert.deepEqual(part.body, IMAGE.subarray(100, 132));
  const whole = await get(gate, path, { Range: 'bytes=0-' });
  assert.equal(digest(whole.body), digest(IMAGE));
  const tag = headerOf(whole, 'ETag') ?? '';
  assert.notEqual(tag, '');
  const known = await get(gate, path, { 'If-None-Match': tag });
  assert.equal(known.status, 304);
  assert.equal(known.body.length, 0);
  assert.equal((await get(gate, path, { Range: `bytes=${IMAGE.length}-` })).status, 416);
});

test('firmware.allow: another place is fetched from where it is listed, with nothing of the client', async (t) => {
  const shelf = await scriptedUpstream(t, ({ path }) =>
    path === '/fw/moved.bin'
      ? ['HTTP/1.1 302 Found\r\nLocation: /fw/a.bin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n']
      : plainReply(path === '/fw/a.bin' ? IMAGE : 'not here'),
  );
  const check = await scriptedUpstream(t, () => []);
  const offer = (url: string): void =>
    check.answerWith(() => plainReply(JSON.stringify({ firmware: { version: '2.0.1', url } })));
  const yaml = (allow: string): string =>
    `domain: ota.test\nfirmware: { allow: ["${allow}"] }\n${serverPreset(check.origin)}`;
  const gate = await gateFor(t, yaml(`${shelf.origin}/fw/`));

  for (const name of ['a.bin', 'moved.bin']) {
    offer(`${shelf.origin}/fw/${name}`);
    const device = deviceOf(gate, LAN);
    const outcome = await device.upgrade(otaUrl(gate, 'http'));
    const download = outcome.steps.find((step) => step.step === 'download');
    assert.ok(download?.step === 'download' && download.download.outcome === 'valid', JSON.stringify(outcome));
  }
  const request = shelf.received[0];
  assert.ok(request);
  assert.equal(receivedHeader(request, 'Host'), new URL(shelf.origin).host);
  for (const name of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Device-Id', 'Cookie']) {
    assert.equal(receivedHeader(request, name), undefined, name);
  }

  offer(`${shelf.origin}/fw/../private/a.bin`);
  const beside = await ask(
    { port: gate.http, from: LAN },
    { path: '/xiaozhi/ota/', headers: CHECK_HEADERS, body: '{}' },
  );
  assert.doesNotMatch(beside.body.toString(), /~/, 'a path beside the listed one is not ours to fetch');

  offer(`${shelf.origin}/fw/a.bin`);
  const path = await sealedPath(gate);
  assert.equal((await gate.reload(yaml('https://files.example.com/fw/'))).code, 0);
  const dead = await get(gate, path);
  assert.equal(dead.status, 404);
  assert.equal(jsonOf(dead).code, 'FIRMWARE_LINK_DEAD');
});
