// Replies as no server of today sends them: what is not an address of ours stays byte for byte, and nothing throws.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_REPLY_BYTES, NO_UPDATE_LINK, rewriteReply } from '../../src/ota/reply.ts';
import { context, OPENING, TOKEN } from './context.ts';

const LINK = 'http://192.168.1.5:8003/xiaozhi/ota/download/b_2.0.0.bin';
const OURS = `https://ota.example.com/xiaozhi/ota/download/${TOKEN}`;

function rewritten(reply: string, way: Parameters<typeof context>[0] = {}) {
  const result = rewriteReply(Buffer.from(reply), context(way));
  return { ...result, text: result.body.toString() };
}

describe('what stays byte for byte', () => {
  const replies: [what: string, reply: string][] = [
    ['unknown fields and their order', `{"z":1,"firmware":{"x":[],"url":"${LINK}","version":"2.0.0","a":{}},"b":null}`],
    [
      'the spelling of numbers',
      `{"a":1.0,"b":1e3,"c":-0,"d":12345678901234567890,"firmware":{"force":1,"url":"${LINK}"}}`,
    ],
    [
      'escapes and text beyond ASCII',
      `{"a":"\\u0041\\/\\n","b":"固件 😀","firmware":{"url":"${LINK}","note":"\\u00e9"}}`,
    ],
    ['spaces and line ends', `\n{ "firmware" :\r\n\t{ "url"\n:  "${LINK}"  } }\n\n`],
    ['duplicate keys elsewhere', `{"a":1,"a":2,"firmware":{"url":"${LINK}","x":1,"x":2}}`],
    [
      'addresses where none are looked for',
      `{"url":"${LINK.slice(0, -1)}","other":{"url":"ws://h/xiaozhi/v1/"},"firmware":{"url":"${LINK}"}}`,
    ],
    ['prototype keys', `{"__proto__":{"url":"x"},"constructor":1,"firmware":{"__proto__":1,"url":"${LINK}"}}`],
    ['a byte order mark', `\ufeff{"firmware":{"url":"${LINK}"}}`],
    ['deep nesting beside it', `{"a":${'['.repeat(500)}${']'.repeat(500)},"firmware":{"url":"${LINK}"}}`],
  ];
  for (const [what, reply] of replies) {
    it(what, () => assert.equal(rewritten(reply).text, reply.replace(`"${LINK}"`, `"${OURS}"`)));
  }
});

describe('what the device would read under another spelling', () => {
  it('keys in other case, as cJSON takes them', () => {
    assert.equal(rewritten(`{"Firmware":{"URL":"${LINK}"}}`).text, `{"Firmware":{"URL":"${OURS}"}}`);
  });

  it('keys and values with escapes', () => {
    const reply = `{"f\\u0069rmware":{"ur\\u006c":"${LINK.replaceAll('/', '\\/')}"}}`;
    assert.equal(rewritten(reply).text, `{"f\\u0069rmware":{"ur\\u006c":"${OURS}"}}`);
  });

  it('both of two equal keys, since parsers take the first or the last', () => {
    const reply = `{"firmware":{"url":"${LINK}","url":"http://evil/x"},"firmware":{"url":"http://evil/y"}}`;
    const { text } = rewritten(reply);
    assert.equal(text, `{"firmware":{"url":"${OURS}","url":"${OURS}"},"firmware":{"url":"${OURS}"}}`);
  });
});

describe('what is not a reply goes through', () => {
  const bodies: [what: string, body: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('OTA接口运行正常')],
    ['an array', Buffer.from(`[{"firmware":{"url":"${LINK}"}}]`)],
    ['a string', Buffer.from(`"${LINK}"`)],
    ['null', Buffer.from('null')],
    ['half an object', Buffer.from(`{"firmware":{"url":"${LINK}"`)],
    ['an object and more', Buffer.from(`{"firmware":{"url":"${LINK}"}}{}`)],
    ['comments', Buffer.from(`{/**/"firmware":{"url":"${LINK}"}}`)],
    ['a trailing comma', Buffer.from(`{"firmware":{"url":"${LINK}"},}`)],
    ['single quotes', Buffer.from(`{'firmware':{'url':'${LINK}'}}`)],
    [
      'broken UTF-8',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff, 0xc0), Buffer.from(`","firmware":{"url":"${LINK}"}}`)]),
    ],
    ['64 KiB of [', Buffer.alloc(MAX_REPLY_BYTES, '[')],
    ['64 KiB of {"a":', Buffer.from('{"a":'.repeat(MAX_REPLY_BYTES / 5))],
    ['zeroes', Buffer.alloc(100)],
  ];
  for (const [what, body] of bodies) {
    it(what, () => {
      const result = rewriteReply(body, context());
      assert.deepEqual([result.kind, result.body, result.offer], ['not-json', body, null]);
      assert.equal(result.warnings.length, 1);
    });
  }

  it('nor does it throw for an object nested as deep as 64 KiB allow', () => {
    const depth = (MAX_REPLY_BYTES - 60) / 2;
    const body = Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)},"firmware":{"url":""}}`);
    assert.deepEqual(rewriteReply(body, context()).body, body);
  });

  it('values of another type', () => {
    for (const value of ['null', '1', '[]', '{}', 'true', '""']) {
      const reply = `{"firmware":{"url":${value}},"websocket":{"url":${value}},"mqtt":{"endpoint":${value}}}`;
      const result = rewritten(reply, { ports: { http: 80, https: 443, mqtts: 8883 } });
      assert.deepEqual([result.kind, result.text, result.warnings], ['unchanged', reply, []]);
      const outer = `{"firmware":${value},"websocket":${value},"mqtt":${value}}`;
      assert.equal(rewritten(outer).text, outer);
    }
  });
});

describe('a version that would crash the device', () => {
  const unsafe = ['v2.1', '2..1', '2.', '', '2.0.0-rc1', '9999999999', ' 2.0', '2.0\\n', '2．0', `${'1.'.repeat(40)}1`];
  for (const version of unsafe) {
    it(`${JSON.stringify(version)} becomes "no offer"`, () => {
      const reply = `{"a":1,"firmware":{"version":"${version}","url":"${LINK}","force":1},"b":2}`;
      const result = rewritten(reply);
      assert.equal(result.text, '{"a":1,"firmware":{"version":"1.6.0","url":""},"b":2}');
      assert.equal(result.offer, null);
      assert.equal(result.changes[0]?.field, 'firmware');
      assert.match(result.warnings.join(), /withheld/);
    });
  }

  it('also where nothing is offered, since devices parse it all the same', () => {
    assert.equal(rewritten('{"firmware":{"version":"v1","url":""}}').text, '{"firmware":{"version":"1.6.0","url":""}}');
  });

  it('with 0 where the running version is unknown, or no better', () => {
    for (const runningVersion of [null, 'v1.0']) {
      const { text } = rewritten(`{"firmware":{"version":"v2","url":"${LINK}"}}`, { runningVersion });
      assert.equal(text, '{"firmware":{"version":"0","url":""}}');
    }
  });
});

describe('the firmware link', () => {
  it('that says "no update" is left alone, wherever it points', () => {
    const reply = `{"firmware":{"version":"1.6.0","url":"http://h/xiaozhi/otaMag/download/${NO_UPDATE_LINK}"}}`;
    const result = rewritten(reply);
    assert.deepEqual([result.kind, result.text, result.offer, result.warnings], ['unchanged', reply, null, []]);
  });

  it('that is not for us to fetch is left, with a warning that names the origin', () => {
    const reply = '{"firmware":{"version":"2.0.0","url":"https://files.example.net/fw/x.bin"}}';
    const result = rewritten(reply);
    assert.equal(result.text, reply);
    assert.match(result.warnings.join(), /https:\/\/files\.example\.net.*firmware\.allow/);
    assert.deepEqual(result.offer, {
      version: '2.0.0',
      url: 'https://files.example.net/fw/x.bin',
      source: null,
      forced: false,
      sealed: false,
    });
  });

  it('that is no URL is left, with a warning', () => {
    const reply = '{"firmware":{"url":"/x.bin"}}';
    assert.deepEqual(
      [rewritten(reply).text, rewritten(reply).warnings],
      [reply, ['firmware.url is not a URL: left as it is']],
    );
  });

  it('is sealed with what it leads to, and for the place where the seal will stand', () => {
    const asked: unknown[] = [];
    const seal: ReturnType<typeof context>['seal'] = (source, offer, prefix) => {
      asked.push(source.source, offer.version, prefix);
      return '~x';
    };
    rewritten(`{"firmware":{"version":"2.0.0","url":"${LINK}?a=b"}}`, { scheme: 'http', opening: OPENING, seal });
    const prefix = 'http://ota.example.com/xiaozhi/ota/download/';
    assert.deepEqual(asked, ['/xiaozhi/ota/download/b_2.0.0.bin?a=b', '2.0.0', prefix]);
  });

  it('stays readable where a seal would be too long, and foreign ones stay as they are', () => {
    const seal = () => null;
    const reply = `{"firmware":{"version":"2.0.0","url":"${LINK}"}}`;
    const result = rewritten(reply, { seal });
    assert.equal(result.text, reply.replace(LINK, 'https://ota.example.com/xiaozhi/ota/download/b_2.0.0.bin'));
    assert.match(result.warnings.join(), /not sealed/);
    const far = {
      route: 'firmware',
      routePath: '/xiaozhi/ota/download/',
      source: 'https://f/x.bin',
      plainForGood: false,
    };
    assert.equal(rewritten(reply, { seal, firmwareSource: () => far }).text, reply);
  });
});

describe('the WebSocket address', () => {
  it('keeps its path and query, and loses user, password and fragment', () => {
    const { text } = rewritten('{"websocket":{"url":"WSS://u:p@h:1/xiaozhi/v1/?a=b#c"}}');
    assert.equal(text, '{"websocket":{"url":"wss://ota.example.com/xiaozhi/v1/?a=b"}}');
  });

  it('that leads to no device route, or is none, is left with a warning', () => {
    for (const url of ['ws://h/other/', 'http://h/xiaozhi/v1/', 'h:8000', '你的ip']) {
      const reply = `{"websocket":{"url":"${url}"}}`;
      assert.equal(rewritten(reply).text, reply);
      assert.match(rewritten(reply).warnings.join(), /no device route/);
    }
  });

  it('that is right already is no change', () => {
    const reply = '{"websocket":{"url":"wss://ota.example.com/xiaozhi/v1/"}}';
    assert.deepEqual([rewritten(reply).kind, rewritten(reply).text], ['unchanged', reply]);
  });
});
