// Every recorded reply, for every way to the gate: what the device gets, byte for byte.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rewriteReply } from '../../src/ota/reply.ts';
import { context, OPENING, TOKEN, WAYS } from './context.ts';
import { JAVA, JAVA_LINK, recordedBody, recordedNames } from './recorded.ts';

const PYTHON_LINK = 'http://192.168.1.5:8003/xiaozhi/ota/download/lichuang-dev_2.0.0.bin';
const PYTHON_VOICE = 'ws://192.168.1.5:8000';
const JAVA_VOICE = 'ws://192.168.4.23:8000';

type Kind = { link?: string; voice?: string; kind?: 'not-json' };

// What each recorded reply holds that can be rewritten.
const RECORDED: Record<string, Kind> = {
  'check-broken-json': {},
  'check-mqtt': { link: PYTHON_LINK },
  'check-no-device-id': {},
  'check-no-update': { voice: PYTHON_VOICE },
  'check-other-board': { voice: PYTHON_VOICE },
  'check-update': { link: PYTHON_LINK, voice: PYTHON_VOICE },
  'check-update-unconfigured': {
    link: 'http://127.0.0.1:18003/xiaozhi/ota/download/lichuang-dev_2.0.0.bin',
    voice: 'ws://127.0.0.1:8000',
  },
  'download-get': { kind: 'not-json' },
  'download-head': { kind: 'not-json' },
  'download-missing': { kind: 'not-json' },
  'download-not-modified': { kind: 'not-json' },
  'download-range': { kind: 'not-json' },
  'get-activate': { kind: 'not-json' },
  'get-ota': { kind: 'not-json' },
  'get-ota-no-slash': { kind: 'not-json' },
  'options-ota': { kind: 'not-json' },
};

const FROM_JAVA: Record<keyof typeof JAVA, Kind> = {
  unbound: { voice: JAVA_VOICE },
  upToDate: { voice: JAVA_VOICE },
  update: { link: JAVA_LINK, voice: JAVA_VOICE },
  withoutAutoUpdate: { voice: JAVA_VOICE },
  badDevice: {},
  failure: {},
};

it('has an expectation for every recorded reply', () => assert.deepEqual(recordedNames(), Object.keys(RECORDED)));

const replies: [name: string, body: Buffer, kind: Kind][] = [
  ...Object.entries(RECORDED).map(([name, kind]): [string, Buffer, Kind] => [name, recordedBody(name), kind]),
  ...Object.entries(FROM_JAVA).map(([name, kind]): [string, Buffer, Kind] => [
    `Java ${name}`,
    Buffer.from(JAVA[name as keyof typeof JAVA]),
    kind,
  ]),
];

for (const [wayName, { way, link, voice }] of Object.entries(WAYS)) {
  describe(wayName, () => {
    for (const [name, body, kind] of replies) {
      it(name, () => {
        let expected = body.toString();
        if (kind.link) {
          const folder = new URL(kind.link).pathname.replace(/[^/]*$/, '');
          expected = expected.replace(kind.link, `${link}${folder}${TOKEN}`);
        }
        if (kind.voice && voice !== null) expected = expected.replace(kind.voice, voice);
        const rewritten = rewriteReply(body, context(way));
        if (kind.kind === 'not-json') assert.deepEqual(rewritten.body, body);
        else assert.equal(rewritten.body.toString(), expected);
        const changed = expected !== body.toString() && kind.kind !== 'not-json';
        assert.equal(rewritten.kind, kind.kind ?? (changed ? 'rewritten' : 'unchanged'));
        assert.equal(rewritten.offer?.version, kind.link ? '2.0.0' : undefined);
        const fields = [
          ...(kind.link ? ['firmware.url'] : []),
          ...(kind.voice && voice !== null ? ['websocket.url'] : []),
        ];
        assert.deepEqual(
          rewritten.changes.map(({ field }) => field),
          fields,
        );
        const warned = kind.kind === 'not-json' || (kind.voice !== undefined && voice === null);
        assert.equal(rewritten.warnings.length, warned ? 1 : 0, rewritten.warnings.join());
      });
    }
  });
}

describe('MQTT', () => {
  const ports = { http: 80, https: 443, mqtts: 8883 };
  const cases: [why: string, way: Parameters<typeof context>[0], endpoint: string | null, warning: RegExp | null][] = [
    ['by https', { ports }, 'ota.example.com:8883', null],
    ['by http with a public chain', { scheme: 'http', trusted: true, ports }, 'ota.example.com:8883', null],
    ['on the LAN by bare address', { host: '192.168.1.5', ports }, '192.168.1.5:8883', null],
    ['by http, local CA', { scheme: 'http', plainForGood: true, ports }, null, /trust our certificate/],
    ['through an opening, local CA', { scheme: 'http', opening: OPENING, ports }, null, /trust our certificate/],
    ['no port of ours', { ports: { ...ports, mqtts: null } }, null, null],
    ['a port on which devices use no TLS', { ports: { ...ports, mqtts: 8884 } }, null, /8883/],
    ['an IPv6 address, which devices cut at the first colon', { host: 'fd00::5', ports }, null, /IPv6/],
  ];
  for (const [why, way, endpoint, warning] of cases) {
    it(`${why}: the endpoint ${endpoint === null ? 'stays' : 'is ours'}, signed fields stay`, () => {
      const before = `{"mqtt":{"endpoint":"192.168.0.7:1883","client_id":"ws://192.168.0.7/xiaozhi/v1/","username":"a:1883","password":"="}}`;
      const { body, warnings } = rewriteReply(Buffer.from(before), context(way));
      assert.equal(body.toString(), endpoint === null ? before : before.replace('192.168.0.7:1883', endpoint));
      if (warning === null) assert.deepEqual(warnings, []);
      else assert.match(warnings.join(), warning);
    });
  }
});
