// Headers cross the gate without what belongs to one hop, and without what only the gate may say.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  canonicalName,
  controlHeaders,
  endToEnd,
  siteHost,
  upstreamHeaders,
  upstreamHost,
} from '../../src/gate/headers.ts';
import { exchangeOf } from './exchange-of.ts';

const names = (list: readonly (readonly [string, string])[]): string[] => list.map(([name]) => name);

describe('endToEnd', () => {
  it('keeps order, case and repetition', () => {
    const raw = ['ETag', 'x', 'set-cookie', 'a', 'Set-Cookie', 'b', 'X-Y', ''];
    assert.deepEqual(endToEnd(raw), [
      ['ETag', 'x'],
      ['set-cookie', 'a'],
      ['Set-Cookie', 'b'],
      ['X-Y', ''],
    ]);
  });

  it('drops what belongs to one hop, in any case', () => {
    const hop =
      'Connection,KEEP-ALIVE,Proxy-Connection,proxy-authenticate,Proxy-Authorization,TE,Trailer,transfer-encoding,Upgrade,HTTP2-Settings';
    assert.deepEqual(endToEnd(hop.split(',').flatMap((name) => [name, 'x'])), []);
  });

  it('drops what Connection names, wherever it stands, from several of them', () => {
    const raw = [
      'X-A',
      '1',
      'connection',
      'close, x-a ,, X-B',
      'x-b',
      '2',
      'X-C',
      '3',
      'Connection',
      'x-d',
      'X-D',
      '4',
      'X-E',
      '5',
    ];
    assert.deepEqual(endToEnd(raw), [
      ['X-C', '3'],
      ['X-E', '5'],
    ]);
  });

  it('keeps Content-Length, also where Connection names it: it frames the message', () => {
    const raw = ['Connection', 'content-length, x-a', 'Content-Length', '5', 'X-A', '1'];
    assert.deepEqual(endToEnd(raw), [['Content-Length', '5']]);
  });

  it('takes names that are keys of every object for what they are', () => {
    assert.deepEqual(endToEnd(['__proto__', '1', 'constructor', '2']), [
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    assert.deepEqual(endToEnd(['Connection', '__proto__', '__proto__', '1', 'x', '2']), [['x', '2']]);
  });

  it('does not trip over a list of odd length', () => assert.deepEqual(endToEnd(['A', '1', 'B']), [['A', '1']]));
});

describe('upstreamHeaders', () => {
  const theirs =
    'X-Forwarded-For,x-forwarded-proto,X-FORWARDED-HOST,X-Forwarded-Port,X-Forwarded-Prefix,X-Forwarded,Forwarded,X-Real-IP,X-Request-Id,X-Original-URL,X-Rewrite-Url,Proxy,X_Forwarded_For,x_real_ip,X-Real_IP';

  it('says who the client is, and lets nobody else say it', () => {
    const { exchange, passage } = exchangeOf({ raw: theirs.split(',').flatMap((name) => [name, '10.0.0.1']) });
    const sent = upstreamHeaders(exchange, passage);
    assert.deepEqual(sent, [
      ['x-request-id', 'id-1'],
      ['x-forwarded-for', '203.0.113.9'],
      ['x-real-ip', '203.0.113.9'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-host', 'ota.example.com'],
      ['forwarded', 'for=203.0.113.9;proto=https;host="ota.example.com"'],
    ]);
  });

  it('leaves Host, Expect and the framing of the body to whoever sends the request', () => {
    const raw = ['Host', 'evil', 'Expect', '100-continue', 'Content-Length', '5', 'Transfer-Encoding', 'chunked'];
    const { exchange, passage } = exchangeOf({ raw });
    const sent = names(upstreamHeaders(exchange, passage));
    for (const name of ['host', 'expect', 'content-length', 'transfer-encoding']) assert.ok(!sent.includes(name), name);
  });

  it('passes on what a device says, in lower case, values untouched', () => {
    const raw = [
      'Device-Id',
      'AA:bb',
      'Client-Id',
      'x',
      'User-Agent',
      'b/1',
      'Authorization',
      'Bearer t',
      'X-Odd',
      ' \u00e9',
    ];
    const { exchange, passage } = exchangeOf({ raw });
    const expected = [
      ['device-id', 'AA:bb'],
      ['client-id', 'x'],
      ['user-agent', 'b/1'],
      ['authorization', 'Bearer t'],
      ['x-odd', ' \u00e9'],
    ];
    assert.deepEqual(upstreamHeaders(exchange, passage).slice(0, 5), expected);
  });

  it("keeps the dashboard's session to itself, wherever it stands among others", () => {
    const rows: [given: string, sent: string | undefined][] = [
      ['otagate_session=secret', undefined],
      ['a=1; otagate_session=secret; b=2', 'a=1; b=2'],
      ['otagate_session=one; otagate_session=two;a=1', 'a=1'],
      [' otagate_session = secret', undefined],
      ['a=otagate_session=x; my_otagate_session=y', 'a=otagate_session=x; my_otagate_session=y'],
      ['a=1', 'a=1'],
    ];
    for (const [given, sent] of rows) {
      const { exchange, passage } = exchangeOf({ raw: ['Cookie', given] });
      assert.equal(new Map(upstreamHeaders(exchange, passage)).get('cookie'), sent, given);
      assert.equal(new Map(controlHeaders(exchange, passage)).get('cookie'), given, 'control is who it is for');
    }
  });

  it('says that a client is unknown', () => {
    const { exchange, passage } = exchangeOf({ client: '' });
    const sent = new Map(upstreamHeaders(exchange, passage));
    assert.equal(sent.get('x-forwarded-for'), 'unknown');
    assert.equal(sent.get('forwarded'), 'for=unknown;proto=https;host="ota.example.com"');
  });
});

describe('the names that go upstream', () => {
  const hosts: [what: string, wish: Parameters<typeof exchangeOf>[0], site: string, upstream: string][] = [
    ['a domain', {}, 'ota.example.com', 'ota.example.com'],
    ['another domain of ours', { site: 'fw.example.com' }, 'fw.example.com', 'fw.example.com'],
    ['a bare address', { site: '192.168.1.5' }, '192.168.1.5', 'ota.example.com'],
    ['a bare IPv6 address', { site: 'fd00::5' }, '[fd00::5]', 'ota.example.com'],
    ['another port of TLS', { ports: { http: 8080, https: 8443 } }, 'ota.example.com:8443', 'ota.example.com:8443'],
    [
      'another port of plain HTTP',
      { scheme: 'http', ports: { http: 8080, https: 443 } },
      'ota.example.com:8080',
      'ota.example.com:8080',
    ],
    [
      'the port of TLS for plain HTTP',
      { scheme: 'http', ports: { http: 443, https: 443 } },
      'ota.example.com:443',
      'ota.example.com:443',
    ],
    [
      'a bare IPv6 address and port',
      { site: 'fd00::5', ports: { http: 80, https: 1 } },
      '[fd00::5]:1',
      'ota.example.com:1',
    ],
  ];
  for (const [what, wish, site, upstream] of hosts) {
    it(what, () => {
      const { exchange, passage } = exchangeOf(wish);
      assert.deepEqual([siteHost(exchange, passage), upstreamHost(exchange, passage)], [site, upstream]);
    });
  }
});

it('writes header names as devices compare them', () => {
  const spelled =
    'Content-Length Transfer-Encoding Content-Type ETag WWW-Authenticate X-Request-Id Accept-Ranges Date X-1a'.split(
      ' ',
    );
  for (const name of spelled) {
    assert.equal(canonicalName(name.toLowerCase()), name);
    assert.equal(canonicalName(name.toUpperCase()), name);
  }
  assert.equal(canonicalName(''), '');
});
