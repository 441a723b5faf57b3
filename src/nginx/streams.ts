// Owns nginx's `stream` block: TLS in front of plain TCP, as MQTT wants it.
import type { Notes } from './notes.ts';
import type { Directive } from './syntax.ts';

export function streamsOf(block: readonly Directive[], notes: Notes): Record<string, unknown> {
  const upstreams = new Map(
    block.filter(({ name }) => name === 'upstream').map((each) => [each.args[0] ?? '', each.block ?? []]),
  );
  const streams: { listen: number; upstream: string | string[] }[] = [];
  for (const server of block.filter(({ name }) => name === 'server')) {
    const line = (name: string): Directive | undefined => server.block?.find((each) => each.name === name);
    const [listen, pass] = [line('listen'), line('proxy_pass')];
    const port = Number(/(\d+)$/.exec(listen?.args[0] ?? '')?.[1] ?? 0);
    const named = upstreams.get(pass?.args[0] ?? '');
    const targets = named
      ? named.filter(({ name }) => name === 'server').flatMap(({ args }) => args.slice(0, 1))
      : (pass?.args.slice(0, 1) ?? []);
    if (
      port === 0 ||
      !listen?.args.includes('ssl') ||
      targets.length === 0 ||
      targets.some((each) => !/:\d+$/.test(each))
    ) {
      notes.leave(server, 'of streams, TLS in front of plain TCP is taken over (listen … ssl, proxy_pass host:port)');
      continue;
    }
    streams.push({ listen: port, upstream: targets.length === 1 ? (targets[0] ?? '') : targets });
  }
  return streams.length > 0 ? { streams } : {};
}
