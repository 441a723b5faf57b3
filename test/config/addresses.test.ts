// Owns the tables of networks, endpoints, host names and origins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isLoopback,
  readAdminEndpoints,
  readEndpoint,
  readEndpoints,
  writeEndpoint,
} from '../../src/config/endpoints.ts';
import { readDomain, readUpstreamHost } from '../../src/config/host-names.ts';
import { asCidr, readLan, readNetwork } from '../../src/config/networks.ts';
import { readFirmwarePrefix, readOrigin, readOrigins } from '../../src/config/origins.ts';
import type { Reader } from '../../src/config/reading.ts';

/** The value, or `?` and the suggestion (empty where there is none). */
function outcomes<T>(reader: Reader<T>, table: [unknown, NoInfer<T> | `?${string}`][]): void {
  for (const [written, expected] of table) {
    const reading = reader(written);
    const read = reading.ok ? reading.value : `?${reading.wrongs[0]?.suggestion ?? ''}`;
    assert.deepEqual(read, expected, String(written));
  }
}

test('networks', () => {
  outcomes(readNetwork, [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['203.0.113.7', '203.0.113.7'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['FD00:0::/8', 'fd00::/8'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['10.0.0.5/8', '?10.0.0.0/8'],
    ['fd00::5/8', '?fd00::/8'],
    ['10.0.0.0/255.0.0.0', '?10.0.0.0/8'],
    ['10.0.0.0/33', '?'],
    ['fd00::/129', '?'],
    ['10.0.0.0/', '?'],
    ['10.0.0.0/08x', '?'],
    ['::ffff:10.0.0.0/104', '?10.0.0.0/8'],
    ['::ffff:10.1.2.3', '?10.1.2.3'],
    ['010.0.0.1', '?'],
    ['10.1', '?'],
    ['0x7f000001', '?'],
    ['fe80::1%eth0', '?'],
    ['10.0.0.0/8/8', '?'],
    ['any', '?0.0.0.0/0'],
    ['private', '?'],
    [10, '?'],
  ]);
  outcomes(readLan, [
    ['private', ['private']],
    [[], []],
    [
      ['private', '100.64.0.0/10'],
      ['private', '100.64.0.0/10'],
    ],
    ['100.64.0.1/10', '?100.64.0.0/10'],
  ]);
  assert.deepEqual(['10.0.0.1', 'fd00::1', '10.0.0.0/8'].map(asCidr), ['10.0.0.1/32', 'fd00::1/128', '10.0.0.0/8']);
});

test('endpoints', () => {
  outcomes(readEndpoint, [
    [443, { host: '::', port: 443 }],
    ['443', { host: '::', port: 443 }],
    [0, { host: '::', port: 0 }],
    ['[::]:80', { host: '::', port: 80 }],
    ['[FD00:0::1]:80', { host: 'fd00::1', port: 80 }],
    ['127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
    ['*:80', '?[::]:80'],
    [':80', '?[::]:80'],
    ['localhost:80', '?127.0.0.1:80'],
    ['::1:80', '?[::1]:80'],
    ['[127.0.0.1]:80', '?127.0.0.1:80'],
    ['127.0.0.1', '?'],
    ['[::1]', '?'],
    ['127.0.0.1:65536', '?'],
    ['example.com:80', '?'],
    [-1, '?'],
    [80.5, '?'],
    [null, '?'],
  ]);
  outcomes(readEndpoints, [
    ['none', []],
    [[], []],
    [
      [80, '127.0.0.1:81'],
      [
        { host: '::', port: 80 },
        { host: '127.0.0.1', port: 81 },
      ],
    ],
  ]);
  assert.equal(writeEndpoint({ host: '::', port: 80 }), '[::]:80');
});

test('a port alone is one of this machine only where the admin interface is listened on', () => {
  outcomes(readAdminEndpoints, [
    ['none', []],
    [9180, [{ host: '127.0.0.1', port: 9180 }]],
    [
      ['9180', '[::]:9181', '10.0.0.1:9182'],
      [
        { host: '127.0.0.1', port: 9180 },
        { host: '::', port: 9181 },
        { host: '10.0.0.1', port: 9182 },
      ],
    ],
    [':9180', '?127.0.0.1:9180'],
    ['*:9180', '?127.0.0.1:9180'],
    [70_000, '?'],
  ]);
  const hosts = ['127.0.0.1', '127.9.9.9', '::1', '::', '0.0.0.0', '10.0.0.1', 'fe80::1', '128.0.0.1'];
  assert.deepEqual(
    hosts.filter((host) => isLoopback({ host, port: 1 })),
    ['127.0.0.1', '127.9.9.9', '::1'],
  );
});

test('domains are bare names or addresses', () => {
  outcomes(readDomain, [
    ['OTA.Example.com', 'ota.example.com'],
    ['gate', 'gate'],
    ['192.168.1.5', '192.168.1.5'],
    ['FD00:0::5', 'fd00::5'],
    ['xn--fsqu00a.com', 'xn--fsqu00a.com'],
    ['https://ota.example.com/', '?ota.example.com'],
    ['https://user:pass@ota.example.com:8443/x?y', '?ota.example.com'],
    ['ota.example.com.', '?ota.example.com'],
    ['[fd00::5]', '?fd00::5'],
    ['[fd00::5]:443', '?fd00::5'],
    ['-a.example.com', '?'],
    ['a..example.com', '?'],
    ['a b.example.com', '?'],
    [`${'a'.repeat(64)}.com`, '?'],
    [`${'a.'.repeat(127)}com`, '?'],
    ['example.123', '?'],
    ['192.168.1.300', '?'],
    ['', '?'],
  ]);
});

test('the host of an upstream may have the name of a container', () => {
  outcomes(readUpstreamHost, [
    ['xiaozhi_server', 'xiaozhi_server'],
    ['192.168.1.5', '192.168.1.5'],
    ['http://192.168.1.5:8002/', '?192.168.1.5'],
  ]);
});

test('origins', () => {
  outcomes(readOrigin, [
    ['http://192.168.1.5:8002', 'http://192.168.1.5:8002'],
    ['HTTPS://Server.Example.com:443/', 'https://server.example.com'],
    ['http://xiaozhi_server:8002', 'http://xiaozhi_server:8002'],
    ['http://[fd00::5]:8002', 'http://[fd00::5]:8002'],
    ['wss://a.example.com/x/', '?https://a.example.com'],
    ['http://a:b@c.example.com', '?'],
    ['http://10.1:80', '?'],
    ['http://a.example.com:0', '?'],
    ['http://a.example.com:99999', '?'],
    ['http://a.example.com/?x', '?http://a.example.com'],
    ['http://', '?'],
    ['http:// a', '?'],
    ['file:///etc/passwd', '?'],
    ['user:secret@a.example.com', '?'],
  ]);
  outcomes(readOrigins, [
    ['http://a', ['http://a']],
    [
      ['http://a', 'http://b'],
      ['http://a', 'http://b'],
    ],
    [[], '?'],
  ]);
});

test('prefixes of firmware', () => {
  outcomes(readFirmwarePrefix, [
    ['https://files.example.com/fw/', 'https://files.example.com/fw/'],
    ['https://files.example.com', 'https://files.example.com/'],
    ['https://files.example.com/fw', '?https://files.example.com/fw/'],
    ['https://files.example.com/fw/../', '?'],
    ['https://files.example.com/fw%2f/', '?'],
    ['https://files.example.com/fw/?a=/', '?'],
    ['https://user:secret@files.example.com/', '?'],
  ]);
});
