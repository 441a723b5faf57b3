// The OpenAPI document: it names every route that there is, says what each takes and gives, and what is given fits it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { type AdminRig, bearer, json, startAdminRig } from '../rig/admin.ts';
import { DEVICE } from '../rig/admin-stand-ins.ts';

type Media = Record<string, { schema?: object }>;
type Operation = {
  summary?: string;
  security?: object[];
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Media };
  responses: Record<string, { description: string; content?: Media }>;
};
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };

describe('the OpenAPI document', () => {
  let rig: AdminRig;
  let document: Document;
  before(async () => {
    rig = await startAdminRig();
    const { status, json: body } = await rig.ask('tcp', '/api/v1/openapi.json', bearer(rig.tokens.read));
    assert.equal(status, 200);
    document = body as Document;
  });
  after(() => rig.stop());
  const described = (): [string, Operation][] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]): [string, Operation] => [`${method.toUpperCase()} ${path}`, one]),
    );

  it('is of version 3.1', () => assert.match(document.openapi, /^3\.1\./));

  it('names every route, and no other', () => {
    const routes = rig.admin.routes
      .filter((route) => !route.startsWith('HEAD ') && !route.endsWith(' /*'))
      .map((route) => route.replace(/:(\w+)/g, '{$1}'));
    assert.ok(routes.length > 25);
    assert.deepEqual(
      described()
        .map(([route]) => route)
        .sort(),
      routes.sort(),
    );
  });

  it('says of each what it does, what it takes and what it gives', () => {
    const bodiless = ['alerts/test', 'visits', 'reload', 'logout', 'rotate', 'warm', 'extract'];
    for (const [route, { summary, parameters = [], requestBody, responses, security }] of described()) {
      assert.ok((summary?.length ?? 0) > 8, `${route} has no summary`);
      for (const [status, { description, content }] of Object.entries(responses)) {
        assert.notEqual(description, '', `${route} ${status}`);
        const schemas = Object.values(content ?? {}).map(({ schema }) => schema);
        assert.ok(
          schemas.length > 0 && schemas.every((schema) => Object.keys(schema ?? {}).length > 0),
          `${route} ${status}`,
        );
      }
      assert.ok(responses['200'] && responses.default, route);
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(
        parameters.filter((one) => one.in === 'path').map(({ name }) => name),
        inPath,
        route,
      );
      const takes = route.startsWith('POST ') && !bodiless.some((word) => route.endsWith(word));
      assert.equal(requestBody !== undefined, takes, `${route}: its body`);
      const isOpen = /\/(healthz|readyz|login)$/.test(route);
      assert.equal(security?.length, isOpen ? 0 : 2, `${route}: its security`);
    }
  });

  it('is right about what is given', async () => {
    const asked: [string, string, Parameters<AdminRig['ask']>[2]?][] = [
      ['POST /api/v1/reload', '', { method: 'POST' }],
      ['POST /api/v1/openings', '', json({ route: 'ota', durationMs: 60_000 })],
      ['DELETE /api/v1/openings/{routeOrId}', '/api/v1/openings/ota', { method: 'DELETE' }],
      ['POST /api/v1/certificates/renew', '', json({})],
      ['POST /api/v1/login', '', json({ token: rig.tokens.read })],
      ['POST /api/v1/firmware/{id}/pin', '/api/v1/firmware/aaaa/pin', json({ pinned: true })],
      ['GET /api/v1/devices/{device}', `/api/v1/devices/${DEVICE.device}`],
    ];
    rig.logRing.add({ level: 'info', msg: 'a line' });
    for (const [route] of described())
      if (/^GET [^{]+$/.test(route) && !route.endsWith('/events')) asked.push([route, '']);
    const operations = new Map(described());
    for (const [route, path, how] of asked) {
      const told = await rig.ask('socket', path || (route.split(' ')[1] ?? ''), how);
      assert.equal(told.status, 200, `${route}: ${told.text}`);
      const type = String(told.headers['content-type']).split(';', 1)[0] ?? '';
      const schema = operations.get(route)?.responses['200']?.content?.[type]?.schema;
      assert.ok(schema, `${route} does not say that it gives ${type}`);
      if (type === 'application/json')
        z.fromJSONSchema(strict(schema) as Parameters<typeof z.fromJSONSchema>[0]).parse(told.json);
    }
  });
});

/** Without leave for keys that are not described: those that the interface gives today are. */
function strict(schema: unknown): object {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema as object;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const closes = 'properties' in inner && !('additionalProperties' in inner);
  return closes ? { ...inner, additionalProperties: false } : inner;
}
