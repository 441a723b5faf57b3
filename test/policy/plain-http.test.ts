// How a request's plain HTTP was let in, and until when: what the rest of the gate hands on to links.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decide } from '../../src/policy/decide.ts';
import type { PlainVerdict } from '../../src/policy/plain-http.ts';
import { compilePolicy, type PolicyView } from '../../src/policy/view.ts';
import { facts, HOUR, NOW, opening, view, type Wish } from './requests.ts';

const LINK = '/xiaozhi/otaMag/download/x.bin';

function plainOf(wish: Wish, changes: Partial<PolicyView>, nowMs = NOW): PlainVerdict | string {
  const decision = decide(facts({ scheme: 'http', ...wish }), compilePolicy(view(changes)), nowMs);
  return 'plain' in decision ? decision.plain : decision.because;
}

it('names neither route nor opening for https', () => {
  assert.deepEqual(plainOf({ scheme: 'https', target: '/xiaozhi/ota/' }, { openings: [opening()] }), {
    kind: 'not-plain',
  });
});

it('prefers the route over an opening: the address may then live on in flash', () => {
  assert.deepEqual(plainOf({ from: 'lan', target: '/xiaozhi/ota/' }, { openings: [opening()] }), { kind: 'by-route' });
});

it('names the opening and its end', () => {
  const openings = [opening({ id: 'far', from: ['198.51.100.0/24'] }), opening({ id: 'near', untilMs: NOW + 5 })];
  assert.deepEqual(plainOf({ target: '/xiaozhi/ota/' }, { openings }), {
    kind: 'by-opening',
    opening: 'near',
    endsMs: NOW + 5,
  });
});

it('ends at its moment, to the millisecond', () => {
  const openings = [opening({ untilMs: NOW + 5 })];
  assert.equal(typeof plainOf({ target: '/xiaozhi/ota/' }, { openings }, NOW + 4), 'object');
  assert.equal(plainOf({ target: '/xiaozhi/ota/' }, { openings }, NOW + 5), 'plain-outside');
});

it('lets a sealed link in until the earlier of its own end and the opening’s', () => {
  const seal = { kind: 'sealed', route: 'firmware', opening: 'o1', openingEndsMs: NOW + HOUR } as const;
  const early = { openings: [opening({ untilMs: NOW + 7 })] };
  assert.deepEqual(plainOf({ target: LINK, seal }, early), { kind: 'by-opening', opening: 'o1', endsMs: NOW + 7 });
  const extended = { openings: [opening({ untilMs: NOW + 9 * HOUR })] };
  assert.deepEqual(plainOf({ target: LINK, seal }, extended), {
    kind: 'by-opening',
    opening: 'o1',
    endsMs: NOW + HOUR,
  });
  assert.equal(plainOf({ target: LINK, seal }, extended, NOW + HOUR), 'plain-sealed-ended');
});

it('takes no client for a neighbour whom a proxy did not name', () => {
  const nameless = {
    ...facts({ scheme: 'http', from: 'lan', target: '/xiaozhi/ota/' }),
    clientFrom: 'unknown',
  } as const;
  assert.equal(decide(nameless, compilePolicy(view()), NOW).because, 'plain-outside');
});
