// A request target reaches the route that Tomcat would give it to.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tomcatPath } from '../../src/demo/tomcat-path.ts';

const CONFIG = '/xiaozhi/config/server-base';
const table: [target: string, path: string | undefined][] = [
  ['/xiaozhi/ota/?a=/../b', '/xiaozhi/ota/'],
  ['/xiaozhi/config;x=y/server-base;jsessionid=1', CONFIG],
  ['/xiaozhi;/ota/;a/', '/xiaozhi/ota/'],
  ['/xiaozhi/ota/..;/config/server-base', CONFIG],
  ['/xiaozhi/ota/..;a=b;c/config/server-base', CONFIG],
  ['/xiaozhi/ota/../config/server-base', CONFIG],
  ['/xiaozhi/ota/%2e%2e/config/server-base', CONFIG],
  ['/xiaozhi/ota/.%2E;x/config/server-base', CONFIG],
  ['/xiaozhi/ota/./../config/./server-base', CONFIG],
  ['//xiaozhi///config/server-base', CONFIG],
  ['/xiaozhi/%63onfig/server-base', CONFIG],
  ['http://ota.example.com/xiaozhi/config/server-base', CONFIG],
  ['/xiaozhi/otaMag/download/..', '/xiaozhi/otaMag/'],
  ['/xiaozhi/otaMag/download/.', '/xiaozhi/otaMag/download/'],
  ['/xiaozhi/config%3bx/server-base', '/xiaozhi/config;x/server-base'],
  ['/xiaozhi/config%2fserver-base', undefined],
  ['/xiaozhi\\config', undefined],
  ['/xiaozhi/%5cconfig', undefined],
  ['/xiaozhi/%zz', undefined],
  ['/xiaozhi/%00', undefined],
  ['/../xiaozhi/', undefined],
  ['*', undefined],
];

for (const [target, path] of table) {
  it(`${target} → ${path ?? '400'}`, () => assert.equal(tomcatPath(target), path));
}
