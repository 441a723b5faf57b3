// Whatever is asked of the admin interface: an answer without a fault of ours, and nothing without a token.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type AdminRig, startAdminRig } from '../rig/admin.ts';

let rig: AdminRig;
before(async () => {
  rig = await startAdminRig();
});
after(() => rig.stop());

const PATHS = [
  'status',
  'openings',
  'openings/ota',
  'devices',
  'devices/aa',
  'firmware',
  'firmware/00',
  'audit',
  'certificates/renew',
  'reload',
  'alerts',
  'log',
  'session',
  'traffic',
  'openapi.json',
  'x',
];
const segment = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%80'; // half of a pair
  }
});
const paths = fc
  .tuple(
    fc.constantFrom(...PATHS),
    fc.oneof(
      fc.constant(''),
      segment.map((text) => `/${text}`),
    ),
    fc.oneof(
      fc.constant(''),
      segment.map((text) => `?limit=${text}`),
      segment.map((text) => `?search=${text}&before=${text}`),
    ),
  )
  .map(([path, more, query]) => `/api/v1/${path}${more}${query}`);
const asked = fc.record({
  path: paths,
  method: fc.constantFrom('GET' as const, 'POST' as const, 'DELETE' as const, 'PUT' as const, 'PATCH' as const),
  body: fc.oneof(
    fc.constant(undefined),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary', maxLength: 200 }),
  ),
});

/** A live stream has no end; the rest is asked for. */
const isStream = (path: string): boolean => /events|log\/stream/.test(path);

test('with the token, any question has an answer, and none of them is a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(asked, async ({ path, method, body }) => {
      if (isStream(path)) return;
      const headers = {
        authorization: `Bearer ${rig.tokens.admin}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      };
      const { status, text } = await rig.ask('tcp', path, { method, headers, ...(body === undefined ? {} : { body }) });
      assert.ok(status < 500, `${method} ${path}: ${status} ${text}`);
    }),
    { numRuns: 400 },
  );
  const failed = rig.lines.filter(({ level }) => level === 'error' || level === 'fatal');
  assert.deepEqual(failed, []);
});

test('without a token, or with one of any kind, nothing but the doors that are open to everyone', async () => {
  const tokens = fc.oneof(
    fc.constant(''),
    fc.string({ maxLength: 60 }).filter((text) => /^[\x21-\x7e]*$/.test(text)),
  );
  await fc.assert(
    fc.asyncProperty(paths, tokens, async (path, token) => {
      const { status } = await rig.ask('tcp', path, {
        headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      });
      assert.ok([400, 401, 404, 414, 429].includes(status), `${path}: ${status}`);
    }),
    { numRuns: 100 },
  );
});
