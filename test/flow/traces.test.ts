// Traces, where OTEL_* variables ask for them: the spans of an OTA check reach a collector, and the upstream hears of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { wantedProtocol } from '../../src/gate/tracing.ts';
import { until } from '../rig/bounded.ts';
import { gateFor } from '../rig/gate.ts';
import { fullPreset, javaServer, MAC } from '../rig/sample-servers.ts';
import { CHECK_HEADERS, checkBody, OUTSIDE } from '../rig/test-device.ts';
import { ask } from '../rig/wire.ts';

const PROXY = '127.0.0.3';
const GIVEN = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const WITHIN_MS = 15_000;

type Span = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Record<string, unknown> }[];
};
type Sent = { type: string; body: Buffer };

async function collector(
  t: Pick<TestContext, 'after'>,
): Promise<{ endpoint: string; sent: Sent[]; spans: () => Span[] }> {
  const sent: Sent[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces')
        sent.push({ type: request.headers['content-type'] ?? '', body: Buffer.concat(chunks) });
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? '' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const spans = (): Span[] =>
    sent.flatMap(({ body }) => {
      const { resourceSpans } = JSON.parse(body.toString()) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    });
  return { endpoint: `http://127.0.0.1:${port}`, sent, spans };
}

function attribute(span: Span, key: string): unknown {
  return Object.values(span.attributes.find((one) => one.key === key)?.value ?? {})[0];
}

const yaml = (preset: string): string =>
  `domain: ota.test\nnetworks: { lan: [${OUTSIDE}, 10.0.0.0/8] }\ntrustedProxies: { from: [${PROXY}] }\n${preset}`;

test('the spans of an OTA check', async (t) => {
  const java = await javaServer(t);
  const { endpoint, spans } = await collector(t);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
  const gate = await gateFor(t, yaml(fullPreset(java)), { env });
  // The firmware that was offered is fetched behind it.
  const seenByServer = () => java.requests.findLast(({ url }) => url === '/xiaozhi/ota/')?.headers ?? {};
  const check = async (from: string, headers: Record<string, string>): Promise<{ server: Span; client: Span }> => {
    const before = new Set(spans().map(({ spanId }) => spanId));
    const all = { ...CHECK_HEADERS, ...headers };
    const { status } = await ask({ port: gate.http, from }, { path: '/xiaozhi/ota/', headers: all, body: checkBody() });
    assert.equal(status, 200);
    return until(
      'both spans',
      () => {
        const fresh = spans().filter(({ spanId }) => !before.has(spanId));
        const [server, client] = [2, 3].map((kind) => fresh.find((span) => span.kind === kind));
        return server !== undefined && client !== undefined && { server, client };
      },
      WITHIN_MS,
    );
  };

  await t.test('request and upstream, one below the other, in a trace of its own', async () => {
    const { server, client } = await check(OUTSIDE, { traceparent: GIVEN, tracestate: 'a=b', baggage: 'x=y' });
    assert.notEqual(server.traceId, GIVEN.split('-')[1]);
    assert.ok(!server.parentSpanId);
    assert.equal(client.traceId, server.traceId);
    assert.equal(client.parentSpanId, server.spanId);
    assert.equal(server.name, 'POST /xiaozhi/ota/');
    assert.equal(attribute(server, 'otagate.action'), 'ota-check');
    assert.equal(attribute(server, 'otagate.device'), MAC);
    assert.equal(Number(attribute(server, 'http.response.status_code')), 200);
    assert.equal(attribute(client, 'server.address'), java.origin);
    const seen = seenByServer();
    assert.equal(seen.traceparent, `00-${client.traceId}-${client.spanId}-01`);
    assert.deepEqual([seen.tracestate, seen.baggage], [undefined, undefined]);
  });

  await t.test('a trusted proxy’s trace goes on', async () => {
    const { server, client } = await check(PROXY, {
      'X-Forwarded-For': '10.0.0.5',
      traceparent: GIVEN,
      tracestate: 'a=b',
    });
    assert.deepEqual(GIVEN.split('-').slice(1, 3), [server.traceId, server.parentSpanId]);
    const seen = seenByServer();
    assert.equal(seen.traceparent, `00-${client.traceId}-${client.spanId}-01`);
    assert.equal(seen.tracestate, 'a=b');
  });
});

test('by protobuf where nothing else is said, and sent before the end', async (t) => {
  const java = await javaServer(t);
  const { endpoint, sent } = await collector(t);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_SERVICE_NAME: 'the-gate',
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  };
  const gate = await gateFor(t, yaml(fullPreset(java)), { env });
  const { status } = await ask({ port: gate.http, from: OUTSIDE }, { path: '/' });
  assert.equal(status, 200);
  gate.kill('SIGTERM');
  await gate.exited;
  assert.deepEqual([sent.length, sent[0]?.type], [1, 'application/x-protobuf']);
  assert.ok(sent[0]?.body.includes('the-gate'));
});

test('asked for by OpenTelemetry’s own variables, and never else', () => {
  const cases: [env: Record<string, string>, protocol: string | null][] = [
    [{}, null],
    [{ OTEL_SERVICE_NAME: 'x' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http/protobuf'],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/x', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
      'http/json',
    ],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf'],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, null],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, null],
  ];
  for (const [env, protocol] of cases) assert.equal(wantedProtocol(env), protocol, JSON.stringify(env));
});
