// What a device says of itself is read as far as it can be read, and never refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DeviceReport, deviceId, readReport } from '../../src/ota/identity.ts';

const HEADERS: Record<string, string> = {
  'device-id': '24:0A:C4:00:00:01',
  'client-id': '3f2b8c1e-9a47-4d55-8b1e-0c7d2f6a9e10',
  'user-agent': 'agent-board/1.0.0',
};

function report(body: string | Buffer, headers: Record<string, string> = HEADERS): DeviceReport {
  return readReport((name) => (Object.hasOwn(headers, name) ? headers[name] : undefined), Buffer.from(body));
}

// In the order in which the firmware puts it together.
function body(ssid: string): string {
  return (
    '{"version":2,"language":"zh-CN","flash_size":16777216,"minimum_free_heap_size":"8457848",' +
    '"mac_address":"24:0a:c4:00:00:01","uuid":"3f2b8c1e-9a47-4d55-8b1e-0c7d2f6a9e10","chip_model_name":"esp32s3",' +
    '"chip_info":{"model":9,"cores":2,"revision":2,"features":18},' +
    '"application":{"name":"xiaozhi","version":"1.6.0","compile_time":"Jan  1 2026T00:00:00Z","idf_version":"v5.4"},' +
    '"partition_table":[{"label":"nvs","type":1,"subtype":2,"address":36864,"size":16384}],"ota":{"label":"ota_0"},' +
    `"board":{"type":"lichuang-dev","name":"lichuang-dev","ssid":"${ssid}","rssi":-50,"ip":"192.168.1.20"}}`
  );
}

const READ = { board: 'lichuang-dev', version: '1.6.0', chip: 'esp32s3' };

describe('the body', () => {
  const bodies: [what: string, body: string | Buffer][] = [
    ['whole', body('home')],
    ['with a quote in the SSID', body('my "home"')],
    ['with a backslash in the SSID', body('a\\b')],
    ['with a line break in the SSID', body('a\nb')],
    ['with braces in the SSID', body('}{"')],
    [
      'with broken UTF-8 in the SSID',
      Buffer.concat([Buffer.from(body('a')).subarray(0, -40), Buffer.of(0xff, 0xc3, 0x28), Buffer.from('"}}')]),
    ],
    ['with broken UTF-8 and a quote', Buffer.from(body('\u00ff"'), 'latin1')],
    ['cut off', body('home').slice(0, -20)],
    ['behind a byte order mark', `\ufeff${body('home')}`],
  ];
  for (const [what, text] of bodies) {
    it(what, () => {
      const { board, version, chip } = report(text);
      assert.deepEqual({ board, version, chip }, READ);
    });
  }

  const useless: [what: string, body: string][] = [
    ['nothing', ''],
    ['an array', '[{"application":{"version":"9"}}]'],
    ['null', 'null'],
    ['text', '"application"'],
    ['values of other types', '{"application":{"version":1},"board":{"type":["x"]},"chip_model_name":{}}'],
    ['fields that are not objects', '{"application":"x","board":3,"chip_model_name":null}'],
    [
      'prototype keys',
      '{"__proto__":{"application":{"version":"9"}},"constructor":{"version":"9"},"application":{"__proto__":{"version":"9"}}}',
    ],
    ['a version with spaces and controls', '{"application":{"version":"1 2\\u0000"},"board":{"type":"a\\nb"}}'],
    ['a version far too long', `{"application":{"version":"${'1'.repeat(65)}"}}`],
    ['broken, and nothing in it', '{"application":{"name":"x"},"board":{"ssid":"'],
    ['deep nesting', '['.repeat(100_000)],
  ];
  for (const [what, text] of useless) {
    it(`${what}: the User-Agent counts`, () => {
      const { board, version, chip } = report(text);
      assert.deepEqual({ board, version, chip }, { board: 'agent-board', version: '1.0.0', chip: null });
    });
  }

  it('takes time in proportion to its length, however it is broken', () => {
    for (const piece of [
      '"application":{',
      '"application"  ',
      '"version"   ',
      '"board":{"type":"',
      '"application":{"version":',
    ]) {
      const startedMs = performance.now();
      report(piece.repeat(262_144 / piece.length));
      assert.ok(performance.now() - startedMs < 500, piece);
    }
  });
});

describe('the headers', () => {
  it('give the identity in lower case', () => {
    const { device, clientId } = report('');
    assert.deepEqual([device, clientId], ['24:0a:c4:00:00:01', '3f2b8c1e-9a47-4d55-8b1e-0c7d2f6a9e10']);
  });

  const identities: [text: string | undefined, id: string | null][] = [
    ['24:0A:C4:00:00:01', '24:0a:c4:00:00:01'],
    ['__proto__', '__proto__'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), null],
    ['', null],
    ['a b', null],
    ['a\nb', null],
    ['\x1b[31m', null],
    ['设备', null],
    [undefined, null],
  ];
  for (const [text, id] of identities) {
    it(`${JSON.stringify(text)?.slice(0, 30)} is ${id === null ? 'no identity' : 'one'}`, () =>
      assert.equal(deviceId(text), id));
  }

  const agents: [agent: string, board: string | null, version: string | null][] = [
    ['lichuang-dev/1.6.0', 'lichuang-dev', '1.6.0'],
    ['a/b/c', 'a', 'b/c'],
    ['Mozilla/5.0 (X11; Linux x86_64)', null, null],
    ['no-version', null, null],
    ['/1.0', null, null],
    ['a/', null, null],
    [`${'a'.repeat(65)}/1`, null, null],
    [`a/${'1'.repeat(33)}`, null, null],
    ['a\u0000/1', null, null],
    ['板子/1.0', null, null],
    ['', null, null],
  ];
  for (const [agent, board, version] of agents) {
    it(`User-Agent ${JSON.stringify(agent).slice(0, 40)}`, () => {
      const read = report('', { 'user-agent': agent });
      assert.deepEqual([read.board, read.version, read.device, read.clientId], [board, version, null, null]);
    });
  }
});
