// Owns traces by OpenTelemetry, only where OTEL_* variables ask for them: its packages are loaded then, and never else.
import type { Context, Span } from '@opentelemetry/api';
import { errorText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import type { Exchange, Trace } from './exchange.ts';
import { loggedPath } from './record.ts';

export type Tracing = {
  begin: (exchange: Exchange) => Trace;
  /** Sends what waits, for a second at most. */
  stop: () => Promise<void>;
};

type Env = Record<string, string | undefined>;

const STOP_MS = 1_000;
const TELL_EVERY_MS = 60_000;
// What a client says of its trace counts only from a trusted proxy, and baggage with it.
const CONTEXT_HEADERS = new Set(['traceparent', 'tracestate', 'baggage']);
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The protocol in which spans are sent, or null where nobody asks for them (OpenTelemetry's own variables). */
export function wantedProtocol(env: Env): string | null {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  const exporter = env.OTEL_TRACES_EXPORTER ?? '';
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT || '';
  if (exporter === '' ? endpoint === '' : exporter !== 'otlp') return null;
  return env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
}

/** Loads what sends traces, where that is asked for. Never throws: without it the gate serves all the same. */
export async function openTracing(env: Env, log: Log): Promise<Tracing | null> {
  const protocol = wantedProtocol(env);
  if (protocol === null) return null;
  if (protocol !== 'http/protobuf' && protocol !== 'http/json') {
    const message = `OTEL_EXPORTER_OTLP_PROTOCOL is ${printable(protocol, 40)}: no traces are sent, since only http/protobuf and http/json are spoken here`;
    log.warn({ event: 'traces-off', protocol: printable(protocol, 40) }, message);
    return null;
  }
  try {
    const tracing = await load(env, protocol, log);
    log.info({ event: 'traces-on', protocol }, `traces are sent by ${protocol}, as the OTEL_* variables say`);
    return tracing;
  } catch (error) {
    const message = `no traces are sent: the packages of OpenTelemetry cannot be loaded (${errorText(error)}); npm install brings them unless it leaves out optional ones`;
    log.error({ event: 'traces-off', detail: errorText(error) }, message);
    return null;
  }
}

async function load(env: Env, protocol: 'http/protobuf' | 'http/json', log: Log): Promise<Tracing> {
  const [api, core, resources, sdk, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
    protocol === 'http/json'
      ? import('@opentelemetry/exporter-trace-otlp-http')
      : import('@opentelemetry/exporter-trace-otlp-proto'),
  ]);
  core.setGlobalErrorHandler(tellSeldom(log));
  const named = resources.resourceFromAttributes({ 'service.name': env.OTEL_SERVICE_NAME || 'otagate' });
  const found = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.BasicTracerProvider({
    resource: resources.defaultResource().merge(found).merge(named),
    // Past its bound (OTEL_BSP_MAX_QUEUE_SIZE, 2,048) spans are dropped.
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('otagate');
  const propagator = new core.W3CTraceContextPropagator();
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;

  const begin = (exchange: Exchange): Trace => {
    const { facts, live, request, startedMs } = exchange;
    const trusted = live.isTrustedProxy(facts.peer);
    const parent: Context = trusted
      ? propagator.extract(ROOT_CONTEXT, request.headers, api.defaultTextMapGetter)
      : ROOT_CONTEXT;
    const method = METHODS.has(facts.method) ? facts.method : '_OTHER';
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, startTime: startedMs }, parent);
    const within = trace.setSpan(ROOT_CONTEXT, span);
    let asking: Span | null = null;
    return {
      onto: (headers) => {
        asking ??= tracer.startSpan(method, { kind: SpanKind.CLIENT }, within);
        const ours: Record<string, string> = {};
        propagator.inject(trace.setSpan(ROOT_CONTEXT, asking), ours, api.defaultTextMapSetter);
        const kept = headers.filter(([name]) => !CONTEXT_HEADERS.has(name) || (trusted && name === 'baggage'));
        return [...kept, ...Object.entries(ours)];
      },
      end: ({ decision, story, id }) => {
        const route = 'route' in decision ? decision.route : null;
        const [name, path] = typeof route === 'string' ? [route, null] : [route?.name ?? null, route?.path ?? null];
        if (path !== null) span.updateName(`${method} ${path}`);
        const common = { 'http.request.method': method, 'http.response.status_code': story.status };
        const failed = story.status >= 500 ? { code: SpanStatusCode.ERROR } : null;
        if (asking !== null) {
          asking.setAttributes({ ...common, 'server.address': story.upstream ?? '' });
          if (failed !== null) asking.setStatus(failed);
          asking.end();
        }
        span.setAttributes({
          ...common,
          'url.scheme': facts.scheme,
          'url.path': loggedPath(facts.target.kind === 'path' ? facts.target.path : ''),
          'server.address': facts.host,
          'client.address': facts.client,
          'network.protocol.version': request.httpVersion,
          'otagate.request_id': id,
          'otagate.action': decision.action,
          'otagate.because': decision.because,
          ...(path === null ? {} : { 'http.route': path }),
          ...(name === null ? {} : { 'otagate.route': name }),
          ...(story.device === null ? {} : { 'otagate.device': printable(story.device, 64) }),
          ...(story.offered === null ? {} : { 'otagate.offered': printable(story.offered, 64) }),
          ...(story.code === null ? {} : { 'error.type': story.code }),
        });
        if (failed !== null) span.setStatus(failed);
        span.end();
      },
    };
  };
  const stop = async (): Promise<void> => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
    await Promise.race([provider.shutdown().catch(() => {}), late]);
  };
  return { begin, stop };
}

/** A collector that is gone fails every few seconds: one line a minute says so. */
function tellSeldom(log: Log): (error: unknown) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = performance.now();
    const detail = printable(errorText(error), 300);
    log.warn({ event: 'traces-failed', detail }, `traces could not be sent: ${detail}`);
  };
}
