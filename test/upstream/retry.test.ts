// Which failures allow to ask another server: those that say that nothing was sent, and of what may be sent twice, more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upstreamError } from '../../src/upstream/failure.ts';
import { mayAskAgain, neverSent } from '../../src/upstream/retry.ts';

const error = (code: string, syscall?: string): Error =>
  Object.assign(new Error(code), { code }, syscall === undefined ? {} : { syscall });

const CASES: [error: Error, sent: boolean][] = [
  [error('ECONNREFUSED', 'connect'), false],
  [new AggregateError([error('ECONNREFUSED', 'connect'), error('ETIMEDOUT', 'connect')]), false],
  [error('ENOTFOUND', 'getaddrinfo'), false],
  [error('EHOSTUNREACH', 'connect'), false],
  [error('UND_ERR_CONNECT_TIMEOUT'), false],
  [error('ECONNECT_TIMEOUT'), false],
  [error('CERT_HAS_EXPIRED'), false],
  // On a connection that stood.
  [error('EHOSTUNREACH', 'read'), true],
  [error('ENETUNREACH', 'write'), true],
  [error('ECONNRESET', 'read'), true],
  [error('ECONNRESET'), true],
  [error('UND_ERR_SOCKET'), true],
  [error('REPLY_TIMEOUT'), true],
];

for (const [cause, sent] of CASES) {
  test(`${cause.message || 'all addresses refused'}${'syscall' in cause ? ` from ${cause.syscall}` : ''}`, () => {
    assert.equal(neverSent(cause), !sent);
    const failure = upstreamError(cause, 'main', 'http://127.0.0.1:9');
    assert.equal(mayAskAgain(failure, false), !sent, 'a POST');
    assert.equal(mayAskAgain(failure, true), true, 'a GET');
  });
}

test('an answer that is none, or a fault of the client, is nobody’s to repeat', () => {
  assert.equal(mayAskAgain(upstreamError(error('HPE_INVALID_CONSTANT'), 'main', 'http://127.0.0.1:9'), true), false);
  assert.equal(mayAskAgain(new Error('other'), true), false);
});
