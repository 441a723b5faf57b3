// The access line in the form of nginx: fields that no client can break out of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combinedLine } from '../../src/gate/combined-line.ts';
import { newStory } from '../../src/gate/exchange.ts';
import { SEAL_MARK } from '../../src/ota/seal.ts';
import { exchangeOf } from './exchange-of.ts';

// As goaccess and others read it: seven fields, with quotes and brackets as they stand here.
const COMBINED =
  /^(\S+) - - \[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"\n$/;

function lineOf(headers: Record<string, string>, target = '/page'): string[] {
  const { exchange } = exchangeOf();
  const { facts } = exchange;
  const request = { headers, httpVersion: '1.1' } as unknown as typeof exchange.request;
  const story = { ...newStory(), status: 200, bytes: 42 };
  const path = { ...facts.target, kind: 'path', path: target };
  const line = combinedLine({
    ...exchange,
    request,
    story,
    startedMs: Date.now(),
    facts: { ...facts, target: path as typeof facts.target },
  });
  const match = COMBINED.exec(line);
  assert.ok(match, line);
  return match.slice(1);
}

test('every field at its place', () => {
  const [client, , asked, status, bytes, referer, agent] = lineOf({
    referer: 'https://a/b',
    'user-agent': 'board/1.8.1',
  });
  assert.notEqual(client, '');
  assert.match(asked ?? '', /^[A-Z]+ \/page HTTP\/1\.1$/);
  assert.deepEqual([status, bytes, referer, agent], ['200', '42', 'https://a/b', 'board/1.8.1']);
});

test('nothing there is a dash', () => {
  assert.deepEqual(lineOf({}).slice(5), ['-', '-']);
});

test('quotes, backslashes, controls and what is no ASCII become escapes', () => {
  const agent = lineOf({ 'user-agent': 'a"b\\c\u001b[31m\n\u00e9' })[6];
  assert.equal(agent, 'a\\x22b\\x5Cc\\x1B[31m\\x0A\\xE9');
});

test('no query, no seal, and no field without an end', () => {
  const seal = `${SEAL_MARK}${'A'.repeat(120)}`;
  const fields = lineOf({ referer: 'https://a/b?token=secret', 'user-agent': 'x'.repeat(5_000) }, `/fw/${seal}`);
  assert.ok(!fields.join().includes('secret'));
  assert.ok(!fields.join().includes('A'.repeat(20)));
  assert.equal(fields[6]?.length, 1_000);
});
