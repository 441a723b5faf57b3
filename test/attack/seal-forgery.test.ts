// Sealed firmware links: changed, cut, carried to another route, another gate, another scheme or another time.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackRig, get, post, replyOf, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import { ask, codeOf, type DialOptions } from '../rig/raw-client.ts';

const FIRST = '/xiaozhi/ota/download/';
const SECOND = '/other/download/';
const LAN = '127.0.0.2';
const OPENED = '127.0.0.8';
const OPEN_MS = 10_000;

function yaml(origin: string, untilMs: number): string {
  return `
domains: [ota.test, second.test]
upstreams: { main: "${origin}", other: "${origin}" }
routes:
  - { name: ota, path: /xiaozhi/ota/, upstream: main, role: ota-check, plainHttp: lan }
  - { name: first, path: ${FIRST}, upstream: main, role: firmware, plainHttp: lan }
  - { name: second, path: ${SECOND}, upstream: other, role: firmware, plainHttp: lan }
openings: [{ route: ota, from: [${OPENED}], until: "${new Date(untilMs).toISOString()}" }]
limits: { link: 20s }
`;
}

describe('a sealed link', () => {
  let rig: AttackRig;
  let untilMs = 0;
  /** Each offer is of a file of its own: nothing that was fetched for one link can answer another. */
  let offers = 0;
  before(async () => {
    untilMs = Date.now() + OPEN_MS;
    rig = await startAttackRig({ yaml: (origin) => yaml(origin, untilMs) });
  });
  after(() => rig.stop());
  beforeEach(() => {
    rig.upstream.forget();
    rig.upstream.answer = ({ target }) => {
      if (target !== '/xiaozhi/ota/') return replyOf(`image at ${target}`);
      offers += 1;
      return replyOf(JSON.stringify({ firmware: { version: '2.0.0', url: `http://x${hidden()}` } }));
    };
  });

  const hidden = (): string => `${FIRST}a.bin?secret=${offers}`;

  /**
   * The path of a link that the gate makes for a device on this way. Its offer fetches by itself; what the upstream is
   * asked from then on is asked by who comes with a link.
   */
  async function link(way: DialOptions, { upstream } = rig): Promise<string> {
    const reply = await ask(way, post('/xiaozhi/ota/', '{}', 'Device-Id: 11:22:33:44:55:66'));
    await until('the fetch of what was offered', () => upstream.requests.some(({ target }) => target === hidden()));
    upstream.forget();
    return new URL(JSON.parse(reply?.text ?? '').firmware.url).pathname;
  }
  const from = (address: string): DialOptions => ({ port: rig.gate.http, from: address });

  let opened = '';
  it('under an opening works by plain HTTP, also from another address: routers change them', async () => {
    opened = await link(from(OPENED));
    assert.equal((await ask(from('127.0.0.9'), get(opened)))?.status, 200);
    const elsewhere = opened.replace(FIRST, SECOND);
    assert.notEqual((await ask(from('127.0.0.9'), get(elsewhere)))?.status, 200);
  });

  it('works as it was made, and hides what is behind it', async () => {
    const path = await link(rig.secure);
    assert.ok(path.startsWith(`${FIRST}~`) && !path.includes('a.bin'), path);
    assert.equal((await ask(rig.secure, get(path)))?.text, `image at ${hidden()}`);
  });

  it('with one bit changed, anywhere, is dead', async () => {
    const path = await link(rig.secure);
    const at = path.indexOf('~') + 1;
    const bytes = Buffer.from(path.slice(at), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const forged = Buffer.from(bytes);
      forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const reply = await ask(rig.secure, get(`${path.slice(0, at)}${forged.toString('base64url')}`));
      assert.equal(codeOf(reply), 'FIRMWARE_LINK_DEAD', `bit ${bit}`);
    }
    assert.equal(rig.upstream.requests.length, 0);
  });

  it('cut, lengthened or spelled otherwise is dead, or a mere path that the upstream does not know', async () => {
    const path = await link(rig.secure);
    const token = path.slice(path.indexOf('~') + 1);
    const spelled: string[] = [];
    for (let cut = 1; cut < token.length; cut += 7) spelled.push(token.slice(0, -cut), token.slice(cut));
    for (const more of ['A', '=', '==', 'AAAA', '.bin', '%00', '%41', token]) spelled.push(`${token}${more}`);
    spelled.push(
      token.toUpperCase(),
      token.toLowerCase(),
      token.split('').reverse().join(''),
      token.replace(/[-_]/, '+'),
    );
    for (const one of spelled.filter((other) => other !== token)) {
      rig.upstream.forget();
      const reply = await ask(rig.secure, get(`${FIRST}~${one}`));
      assert.ok(!reply?.text.includes('a.bin'), one);
      for (const { target } of rig.upstream.requests) assert.ok(target.startsWith(`${FIRST}~`), target);
    }
  });

  it('of another route is dead there', async () => {
    const path = await link(rig.secure);
    const reply = await ask(rig.secure, get(path.replace(FIRST, SECOND)));
    assert.equal(codeOf(reply), 'FIRMWARE_LINK_DEAD');
    assert.equal(rig.upstream.requests.length, 0);
  });

  it('made over https is closed by plain HTTP from outside, and open to the LAN', async () => {
    const path = await link(rig.secure);
    assert.equal((await ask(from('127.0.0.9'), get(path)))?.status, 426);
    assert.equal(
      (await ask(from('127.0.0.9'), get(path, 'X-Forwarded-Proto: https', 'X-Real-IP: 127.0.0.2')))?.status,
      426,
    );
    assert.equal(rig.upstream.requests.length, 0);
    assert.equal((await ask(from(LAN), get(path)))?.status, 200);
  });

  it('of a neighbour gives a stranger no plain HTTP', async () => {
    const path = await link(from(LAN));
    assert.equal((await ask(from(LAN), get(path)))?.status, 200);
    assert.equal((await ask(from('127.0.0.9'), get(path)))?.status, 426);
  });

  it('of another gate is dead', async () => {
    const path = await link(rig.secure);
    const other = await startAttackRig({ yaml: (origin) => yaml(origin, untilMs) });
    try {
      assert.equal(codeOf(await ask(other.secure, get(path))), 'FIRMWARE_LINK_DEAD');
    } finally {
      await other.stop();
    }
  });

  it('is no link for other methods, and no secret comes out in an error', async () => {
    const path = await link(rig.secure);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const reply = await ask(rig.secure, `${method} ${path} HTTP/1.1\r\nHost: ota.test\r\nContent-Length: 0\r\n\r\n`);
      assert.equal(reply?.status, 405);
      assert.ok(!reply.text.includes('a.bin'));
    }
    assert.equal(rig.upstream.requests.length, 0);
  });

  it('has an end', async () => {
    const brief = await startAttackRig({ yaml: (origin) => yaml(origin, untilMs).replace('20s', '1s') });
    brief.upstream.answer = rig.upstream.answer;
    try {
      const path = await link(brief.secure, brief);
      await sleep(2_050); // times in a link are whole seconds
      assert.equal(codeOf(await ask(brief.secure, get(path))), 'FIRMWARE_LINK_EXPIRED');
      assert.deepEqual(brief.upstream.requests, []);
    } finally {
      await brief.stop();
    }
  });

  it('under an opening is closed by plain HTTP when the opening has ended', async () => {
    await sleep(Math.max(0, untilMs + 20 - Date.now()));
    assert.equal(codeOf(await ask(from('127.0.0.9'), get(opened))), 'PLAIN_HTTP_CLOSED');
    assert.equal(codeOf(await ask(from(OPENED), get(opened))), 'PLAIN_HTTP_CLOSED');
  });
});
