// A device that lies about its board: whatever it asks for, and whenever, no other device is given its image.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildImage } from '../../src/demo/image.ts';
import { until } from '../rig/bounded.ts';
import { send, sendCut, sendPaced } from '../rig/file-server.ts';
import { assertImage, isComplete, macOf, offeredPath, tryFetch, upgrade } from '../rig/firmware-links.ts';
import { ANY_OFFER, gateFor } from '../rig/gate.ts';
import { type OneTimeServer, oneTimeServer, oneTimeYaml } from '../rig/one-time-server.ts';

const VERSION = '3.0.0';
const image = (seed: string, size: number): Buffer => buildImage({ version: VERSION, seed, size, project: seed });
const [HONEST, OTHER] = [image('honest', 200_000), image('other', 180_000)];
const LIAR = { mac: macOf(1), board: 'honest' };
const honest = (number: number) => ({ mac: macOf(number), board: 'honest' });

async function servers(t: Parameters<typeof oneTimeServer>[0], other = OTHER): Promise<OneTimeServer> {
  const server = await oneTimeServer(t, {
    honest: { version: VERSION, bytes: HONEST },
    other: { version: VERSION, bytes: other },
  });
  server.bound.set(LIAR.mac, 'other');
  return server;
}

// At the same time: they mostly wait.
describe('a device that lies about its board', { concurrency: 3 }, () => {
  test('a device of another board that claims this one, first of all', async (t) => {
    const server = await servers(t);
    const gate = await gateFor(t, oneTimeYaml(server));
    assertImage(await upgrade(gate, LIAR), OTHER, 'the link leads where the server says');
    for (let number = 10; number < 13; number += 1) assertImage(await upgrade(gate, honest(number)), HONEST);
    assert.equal(server.mostGets(), 1, 'no link is used up by the gate');
    assertImage(await upgrade(gate, LIAR), OTHER, 'and stays so');
  });

  test('a server that gives out what the body names, and a User-Agent that names another board', async (t) => {
    const server = await oneTimeServer(t, {
      honest: { version: VERSION, bytes: HONEST },
      'the other': { version: VERSION, bytes: OTHER },
    });
    const gate = await gateFor(t, oneTimeYaml(server));
    // A board with a space is none that the gate reads, so it takes the User-Agent's word.
    assertImage(await upgrade(gate, { mac: macOf(1), board: 'the other', agent: 'honest' }), OTHER);
    assertImage(await upgrade(gate, honest(10)), HONEST);
  });

  test('among many at once, it holds nobody up and costs no further fetch', async (t) => {
    const server = await servers(t);
    let bodies = 0;
    const count = (bytes: number): void => {
      bodies += bytes;
    };
    server.send = (response, { bytes }, headers) =>
      void setTimeout(() => sendPaced(response, bytes, 2 * bytes.length, headers, count), 300);
    const gate = await gateFor(t, oneTimeYaml(server));
    const path = await offeredPath(gate, LIAR);
    await until("the look at the liar's link", () => server.downloads() === 1);
    const lied = tryFetch(gate, path);
    const replies = await Promise.all([10, 11, 12, 13, 14, 15].map((number) => upgrade(gate, honest(number))));
    assertImage(await lied, OTHER, 'the liar');
    for (const reply of replies) assertImage(reply, HONEST);
    // Who waited behind the liar's question may have to ask one of its own, but all share one body.
    assert.ok(bodies < OTHER.length + 2 * HONEST.length, `${bodies} bytes for two images of ${HONEST.length}`);
  });

  for (const [what, other] of [
    ['of another length', OTHER],
    ['of the same length', image('other', HONEST.length)],
  ] as const) {
    test(`when a fetch broke off, it is never gone on with from the liar's link: ${what}`, async (t) => {
      const server = await servers(t, other);
      let breaking = true;
      server.send = (response, { bytes }, headers) =>
        breaking && bytes === HONEST ? sendCut(response, bytes, 60_000, headers) : send(response, bytes, headers);
      const gate = await gateFor(t, oneTimeYaml(server, ANY_OFFER));
      const first = await tryFetch(gate, await offeredPath(gate, honest(10)));
      assert.equal(isComplete(first), false);
      await gate.line(({ event }) => event === 'firmware-failed');
      breaking = false;
      assertImageOrNothing(await tryFetch(gate, await offeredPath(gate, LIAR)), other);
      for (const number of [11, 12]) {
        const reply = await tryFetch(gate, await offeredPath(gate, honest(number)));
        assert.ok(!isComplete(reply) || reply?.body.equals(HONEST), 'an honest device got the image of another board');
      }
      assertImage(await upgrade(gate, honest(13)), HONEST, 'in the end');
    });
  }

  test("while a fetch goes on, it is never gone on with from the liar's link", async (t) => {
    const server = await servers(t);
    let cuts = 0;
    server.send = (response, { bytes }, headers) => {
      if (bytes !== HONEST || cuts >= 1) return send(response, bytes, headers);
      cuts += 1;
      response.writeHead(200, { ...headers, 'Content-Length': String(bytes.length) });
      response.write(bytes.subarray(0, 60_000));
      setTimeout(() => response.socket?.end(), 800);
    };
    const gate = await gateFor(t, oneTimeYaml(server));
    const path = await offeredPath(gate, honest(10));
    await until('the fetch', () => server.downloads() === 1);
    const first = tryFetch(gate, path);
    const lied = tryFetch(gate, await offeredPath(gate, LIAR));
    const reply = await first;
    await lied;
    assert.ok(!isComplete(reply) || reply?.body.equals(HONEST), 'an honest device got the image of another board');
    for (const number of [11, 12, 13]) assertImage(await upgrade(gate, honest(number)), HONEST);
  });
});

function assertImageOrNothing(reply: Parameters<typeof isComplete>[0], bytes: Buffer): void {
  assert.ok(!isComplete(reply) || reply?.body.equals(bytes) || reply?.body.equals(HONEST), 'an image, whole, or none');
}
