// Where firmware is fetched from is never a stranger's choice: not by a redirect, not by a link in a reply.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type AttackRig, get, openRoutes, post, replyOf, startAttackRig } from '../rig/attack-rig.ts';
import { until } from '../rig/bounded.ts';
import { codeOf } from '../rig/raw-client.ts';
import { type RawUpstream, startRawUpstream } from '../rig/raw-upstream.ts';

const CHECK = '/xiaozhi/ota/';
const IMAGE = '/xiaozhi/ota/download/a.bin';
const DEVICE = ['Device-Id: 11:22:33:44:55:66', 'Client-Id: x', 'Authorization: Bearer secret', 'Cookie: a=b'];

describe('firmware from somewhere else', () => {
  let rig: AttackRig;
  let foreign: RawUpstream;
  let allowed: RawUpstream;
  before(async () => {
    foreign = await startRawUpstream(() => replyOf('foreign'));
    allowed = await startRawUpstream(() => replyOf('allowed'));
    rig = await startAttackRig({
      yaml: (origin) => `${openRoutes(origin)}firmware: { allow: ["${allowed.origin}/fw/"] }\n`,
    });
  });
  after(async () => {
    await rig.stop();
    await foreign.stop();
    await allowed.stop();
  });
  beforeEach(() => {
    for (const upstream of [rig.upstream, foreign, allowed]) upstream.forget();
  });

  async function download(path = IMAGE): Promise<string> {
    const client = await rig.dial();
    client.send(get(path, ...DEVICE));
    const reply = await client.reply();
    client.leave();
    return reply?.status === 200 ? reply.text : codeOf(reply);
  }

  function redirect(location: string): void {
    rig.upstream.answer = ({ target }) =>
      target === IMAGE ? `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n` : replyOf('ours');
  }

  const refused = (): Record<string, string> => ({
    'another origin': `${foreign.origin}${IMAGE}`,
    'another port': `http://127.0.0.1:1${IMAGE}`,
    'another name for the same': `${rig.upstream.origin.replace('127.0.0.1', 'localhost')}/ours`,
    'another scheme': rig.upstream.origin.replace('http:', 'https:'),
    'a host without a scheme': `//${new URL(foreign.origin).host}/x`,
    'a host behind backslashes': `\\\\${new URL(foreign.origin).host}\\x`,
    'a host behind a tab': `/\t/${new URL(foreign.origin).host}/x`,
    'a user before the host': `${rig.upstream.origin.replace('://', '://user:pass@')}/ours`,
    'a user that looks like the host': `http://${new URL(rig.upstream.origin).host}@${new URL(foreign.origin).host}/x`,
    'a file': 'file:///etc/passwd',
    ftp: 'ftp://127.0.0.1/x',
    data: 'data:application/octet-stream,abc',
    blob: `blob:${rig.upstream.origin}/ours`,
    gopher: 'gopher://127.0.0.1:6379/_FLUSHALL',
    'the metadata of a cloud': 'http://169.254.169.254/latest/meta-data/',
    'a path beside the allowed one': `${allowed.origin}/fwx/a.bin`,
    'a path out of the allowed one': `${allowed.origin}/fw/../secret`,
    'an escaped path out of it': `${allowed.origin}/fw/%2e%2e/secret`,
    'a path out of it for a lenient server': `${allowed.origin}/fw/..;/secret`,
    'a slash that is escaped': `${allowed.origin}/fw/..%2fsecret`,
    nowhere: '',
    'no URL': 'http://[::bad',
  });

  it('a redirect to a stranger is refused, and the stranger is never asked', async () => {
    for (const [name, location] of Object.entries(refused())) {
      redirect(location);
      assert.equal(await download(), 'FIRMWARE_REDIRECT', name);
      assert.deepEqual([foreign.requests.length, allowed.requests.length], [0, 0], name);
      assert.ok(
        rig.upstream.requests.every(({ target }) => target === IMAGE),
        name,
      );
    }
  });

  it('a redirect within the upstream, or to an allowed place, is followed, the latter without the client’s headers', async () => {
    redirect('/xiaozhi/elsewhere?x=1');
    assert.equal(await download(), 'ours');
    redirect(`${allowed.origin}/fw/a.bin`);
    assert.equal(await download(), 'allowed');
    const text = allowed.requests[0]?.head.text ?? '';
    assert.doesNotMatch(text, /secret|cookie|device-id|forwarded|127\.0\.0\.9|ota\.test/i);
    assert.deepEqual(allowed.requests[0]?.values('host'), [new URL(allowed.origin).host]);
  });

  it('a loop ends', async () => {
    rig.upstream.answer = ({ target }) => `HTTP/1.1 307 Again\r\nLocation: ${target}?\r\nContent-Length: 3\r\n\r\nabc`;
    assert.equal(await download(), 'FIRMWARE_REDIRECT');
    assert.ok(rig.upstream.requests.length <= 6);
  });

  it('a redirect of an OTA check is not followed', async () => {
    rig.upstream.answer = () => `HTTP/1.1 302 Found\r\nLocation: ${foreign.origin}/\r\nContent-Length: 0\r\n\r\n`;
    const client = await rig.dial();
    client.send(post(CHECK, '{}', ...DEVICE));
    assert.equal(codeOf(await client.reply()), 'UPSTREAM_STATUS');
    client.leave();
    assert.equal(foreign.requests.length, 0);
  });

  /** What a device is told where a reply has this link. */
  async function offered(link: string): Promise<string> {
    rig.upstream.answer = ({ target }) =>
      target === CHECK ? replyOf(JSON.stringify({ firmware: { version: '2.0.0', url: link } })) : replyOf('ours');
    const client = await rig.dial();
    client.send(post(CHECK, '{}', ...DEVICE));
    const reply = await client.reply();
    client.leave();
    return JSON.parse(reply?.text ?? '').firmware.url;
  }

  it('a link in a reply to a stranger’s host with a path of ours: our upstream is asked for it', async () => {
    const hosts = [
      foreign.origin,
      'http://user:pass@evil.test:99',
      'https://evil.test',
      'ftp://evil.test',
      'http://[::1]:1',
    ];
    for (const [number, host] of hosts.entries()) {
      const file = `${IMAGE}?v=${number}`;
      const link = new URL(await offered(`${host}${file}`));
      assert.equal(link.host, `ota.test:${rig.gate.http}`);
      const asked = () => rig.upstream.requests.map(({ target }) => target).filter((target) => target !== CHECK);
      // By the offer itself, before any device asks.
      await until('the fetch', () => asked().length > 0);
      assert.equal(await download(link.pathname), 'ours');
      assert.ok(asked().length <= 2, 'the offer, and the device behind it');
      assert.deepEqual([...new Set(asked())], [file], host);
      rig.upstream.forget();
    }
    assert.equal(foreign.requests.length, 0);
  });

  it('a link to a stranger’s path is left as it is, and never fetched by us', async () => {
    for (const link of [
      `${foreign.origin}/x.bin`,
      `${foreign.origin}/xiaozhi/config/a`,
      'file:///etc/passwd',
      `${allowed.origin}/fwx/a`,
    ])
      assert.equal(await offered(link), link);
    assert.deepEqual([foreign.requests.length, allowed.requests.length], [0, 0]);
  });

  it('a link whose path lenient servers read as another route is not made a link of ours', async () => {
    for (const path of [
      '/xiaozhi/ota/download/..;/..;/config/a',
      '/xiaozhi/ota/download/..%2f..%2fconfig/a',
      '/xiaozhi/ota/download/%252e%252e/a',
    ]) {
      const link = `${foreign.origin}${path}`;
      assert.equal(await offered(link), link, path);
    }
  });

  it('came through unharmed', () => rig.unharmed());
});
