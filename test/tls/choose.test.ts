// The certificate for a name: the exact one, then a wildcard for one label, else the first.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { chooseCertificate } from '../../src/tls/choose.ts';

const certificates = [
  { id: 'main', names: ['ota.example.com', '192.168.1.5', '2001:db8::1'] },
  { id: 'wild', names: ['*.example.com', 'example.com'] },
  { id: 'exact', names: ['fw.example.com'] },
  { id: 'again', names: ['fw.example.com', '*.example.com'] },
  { id: 'deep', names: ['*.fw.example.com'] },
];

const choices: [name: string, id: string][] = [
  ['ota.example.com', 'main'],
  ['OTA.Example.COM', 'main'],
  ['fw.example.com', 'exact'],
  ['other.example.com', 'wild'],
  ['example.com', 'wild'],
  ['a.fw.example.com', 'deep'],
  ['a.other.example.com', 'main'],
  ['example.net', 'main'],
  ['com', 'main'],
  ['192.168.1.5', 'main'],
  ['192.168.1.6', 'main'],
  ['', 'main'],
  ['.', 'main'],
  ['*.example.com', 'wild'],
  ['__proto__', 'main'],
  ['\0', 'main'],
];

for (const [name, id] of choices) {
  it(`${JSON.stringify(name)} gets ${id}`, () => assert.equal(chooseCertificate(certificates, name)?.id, id));
}

it('has none where there are none', () => assert.equal(chooseCertificate([], 'ota.example.com'), undefined));
