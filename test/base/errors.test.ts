// Errors carry their facts as fields; unknown ones are told by code or name, in one line.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { errorCode, errorText, type Fault, GateError } from '../../src/base/errors.ts';

it('derives the status from whose fault it is', () => {
  const status = (fault: Fault) => new GateError('INTERNAL', 'x', { fault }).status;
  assert.deepEqual([status('client'), status('upstream'), status('gate')], [400, 502, 500]);
  assert.equal(new GateError('UPSTREAM_TIMEOUT', 'x', { fault: 'upstream', status: 504 }).status, 504);
});

it('has no facts, no retry and no cause unless told', () => {
  const bare = new GateError('INTERNAL', 'x', { fault: 'gate' });
  assert.deepEqual([bare.facts, bare.retry, 'cause' in bare], [{}, false, false]);
  const cause = new TypeError('y');
  const full = new GateError('INTERNAL', 'x', { fault: 'gate', retry: true, facts: { upstream: 'u' }, cause });
  assert.deepEqual([full.facts, full.retry, full.cause], [{ upstream: 'u' }, true, cause]);
});

it('tells unknown errors by code, else by name', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  assert.equal(errorCode(refused), 'ECONNREFUSED');
  assert.equal(errorCode(Object.assign(new Error('x'), { code: 7 })), 'Error');
  assert.equal(errorCode(new RangeError('x')), 'RangeError');
  assert.equal(errorCode(new GateError('LISTEN_FAILED', 'x', { fault: 'gate' })), 'LISTEN_FAILED');
  assert.deepEqual([errorCode('x'), errorCode(null), errorCode(undefined)], ['string', 'object', 'undefined']);
});

it('has a text for every error, also for several at once', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:80'), { code: 'ECONNREFUSED' });
  assert.equal(errorText(new AggregateError([refused, new Error('other')])), 'connect ECONNREFUSED ::1:80');
  assert.equal(errorText(Object.assign(new Error(''), { code: 'ERR_X' })), 'ERR_X');
  assert.equal(errorText(new AggregateError([])), 'AggregateError');
  assert.equal(errorText('text'), 'text');
  assert.equal(errorText(undefined), 'undefined');
});
