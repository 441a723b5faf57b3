// Whatever an upstream replies and a device says: reading and rewriting never throw, and touch nothing but addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readReport } from '../../src/ota/identity.ts';
import { NO_UPDATE_LINK, rewriteReply } from '../../src/ota/reply.ts';
import { isSafeVersion } from '../../src/ota/version.ts';
import { context, OPENING } from '../ota/context.ts';

const links = fc.oneof(
  fc.constantFrom(
    'http://192.168.1.5:8003/xiaozhi/ota/download/b_2.0.0.bin',
    'http://evil.example/x.bin',
    `http://a/${NO_UPDATE_LINK}`,
    '',
    'http://[::1]/xiaozhi/ota/download/x',
    'javascript:alert(1)',
  ),
  fc.webUrl(),
  fc.string({ unit: 'binary' }),
);
const versions = fc.oneof(fc.constantFrom('2.0.0', 'v2.1', '2..1', '99999999999', '', '1.6.0'), fc.string());
const firmware = fc.record(
  { version: fc.oneof(versions, fc.anything()), url: fc.oneof(links, fc.anything()), force: fc.anything() },
  { requiredKeys: [] },
);
const replies = fc.record(
  {
    firmware: fc.oneof({ arbitrary: firmware, weight: 5 }, fc.jsonValue()),
    websocket: fc.oneof(fc.record({ url: links, token: fc.string() }, { requiredKeys: [] }), fc.jsonValue()),
    mqtt: fc.oneof(fc.record({ endpoint: fc.string(), username: fc.string() }, { requiredKeys: [] }), fc.jsonValue()),
    other: fc.jsonValue(),
    __proto__: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const ways = fc.record({
  scheme: fc.constantFrom('http' as const, 'https' as const),
  trusted: fc.boolean(),
  plainForGood: fc.boolean(),
  opening: fc.constantFrom(null, OPENING),
  runningVersion: fc.oneof(fc.constant(null), versions),
  ports: fc.constantFrom({ http: 80, https: 443, mqtts: 8883 }, { http: 8080, https: 8443, mqtts: null }),
});

test('bytes of any kind go through, or come out as a reply; nothing throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc.json().map((text) => Buffer.from(text)),
      ),
      ways,
      (bytes, way) => {
        const reply = Buffer.from(bytes);
        const { kind, body } = rewriteReply(reply, context(way));
        if (kind !== 'rewritten') assert.deepEqual(body, reply);
      },
    ),
    { numRuns: 1_500 },
  );
});

test('what is rewritten is JSON again, the same but for its addresses, and offers no version that crashes a device', () => {
  fc.assert(
    fc.property(replies, ways, (reply, way) => {
      const text = JSON.stringify(reply);
      const { body } = rewriteReply(Buffer.from(text), context(way));
      const before = JSON.parse(text) as Record<string, unknown>;
      const after = JSON.parse(body.toString()) as Record<string, unknown>;
      assert.deepEqual(after.other, before.other);
      assert.deepEqual(Object.keys(after), Object.keys(before));
      const offer = after.firmware as { version?: unknown; url?: unknown } | null | undefined;
      if (typeof offer?.version === 'string' && !Array.isArray(offer))
        assert.ok(isSafeVersion(offer.version), offer.version);
      const mqtt = [before.mqtt, after.mqtt] as ({ username?: unknown } | null | undefined)[];
      assert.deepEqual(mqtt[1]?.username, mqtt[0]?.username, 'what is signed stays');
    }),
    { numRuns: 1_500 },
  );
});

test('a check of any bytes and headers is read, and claims nothing that could not be printed', () => {
  const headers = fc.dictionary(
    fc.constantFrom('device-id', 'client-id', 'user-agent', 'serial-number'),
    fc.string({ unit: 'binary', maxLength: 300 }),
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .record(
        {
          application: fc.anything(),
          chip_model_name: fc.anything(),
          partition_table: fc.anything(),
          board: fc.anything(),
          flash_size: fc.anything(),
        },
        { requiredKeys: [] },
      )
      .map((value) => Buffer.from(JSON.stringify(value) ?? '')),
    // Put together by hand, with a network's name that is not escaped.
    fc
      .string({ unit: 'binary' })
      .map((ssid) => Buffer.from(`{"application":{"version":"1.6.0"},"board":{"type":"b","ssid":"${ssid}"}}`)),
  );
  fc.assert(
    fc.property(headers, bodies, (header, body) => {
      const report = readReport((name) => (Object.hasOwn(header, name) ? header[name] : undefined), Buffer.from(body));
      for (const text of [report.device, report.clientId, report.board, report.version, report.chip, report.elfSha256])
        if (text !== null) assert.match(text, /^[^\p{Cc}]{1,200}$/u);
      assert.ok(report.flashBytes === null || report.flashBytes > 0);
    }),
    { numRuns: 1_500 },
  );
});
