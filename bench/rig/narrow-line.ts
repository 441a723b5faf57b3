// Owns a narrow line to an upstream: one rate that all downloads share alike, and a count of what went over it.
import { connect, createServer, type Server, type Socket } from 'node:net';

export type LinkCount = { gets: number; bytes: number };

export type LineCounts = {
  /** Requests for a download; those of them that asked for a part, and those that asked whether it is still the same. */
  gets: number;
  ranges: number;
  conditional: number;
  /** Of downloads, their heads included. */
  bytes: number;
  /** By the path that was asked for. */
  links: Map<string, LinkCount>;
};

export type NarrowLine = {
  port: number;
  counts: () => LineCounts;
  /** Counts from 0 again. */
  forget: () => void;
  setRate: (bytesPerSecond: number | null) => void;
  close: () => void;
};

type Cable = {
  client: Socket;
  server: Socket;
  /** The download that the server answers now; null for every other reply, which is not slowed down. */
  link: LinkCount | null;
  queue: Buffer[];
  queuedBytes: number;
  blocked: boolean;
};

const TICK_MS = 5;
/** What a line may catch up after this process had no CPU. */
const MAX_BURST_MS = 50;
const QUEUE_BYTES = 64 * 1024;
const MAX_LINKS = 10_000;
const DOWNLOAD = /^GET (\S*\/download\/\S+) HTTP\//m;
const REQUEST = /^[A-Z]+ \S+ HTTP\/1/m;

/**
 * A relay on a free port of 127.0.0.1. Replies to downloads pass at `bytesPerSecond` for all connections together, each
 * with the same share; everything else at once. Null: as fast as the machine takes them.
 */
export async function openLine(upstreamPort: number, bytesPerSecond: number | null): Promise<NarrowLine> {
  const cables = new Set<Cable>();
  let counts = noCounts();
  let rate = bytesPerSecond;
  let allowance = 0;
  let lastMs = performance.now();

  const onRequest = (cable: Cable, bytes: Buffer): void => {
    const text = bytes.toString('latin1');
    const path = DOWNLOAD.exec(text)?.[1];
    if (path === undefined) {
      if (REQUEST.test(text)) cable.link = null;
      return;
    }
    counts.gets += 1;
    if (/^range:/im.test(text)) counts.ranges += 1;
    if (/^if-(none-match|modified-since):/im.test(text)) counts.conditional += 1;
    cable.link = counts.links.get(path) ?? { gets: 0, bytes: 0 };
    cable.link.gets += 1;
    if (counts.links.size < MAX_LINKS) counts.links.set(path, cable.link);
  };

  const forward = (cable: Cable, bytes: Buffer): void => {
    if (cable.link !== null) {
      cable.link.bytes += bytes.length;
      counts.bytes += bytes.length;
    }
    if (!cable.client.destroyed && !cable.client.write(bytes)) cable.blocked = true;
  };

  const flow = (cable: Cable): void => {
    if (cable.blocked || cable.queuedBytes >= QUEUE_BYTES) cable.server.pause();
    else cable.server.resume();
  };

  /** Gives `share` bytes of this cable's queue away; tells how many there were. */
  const drain = (cable: Cable, share: number): number => {
    let sent = 0;
    while (sent < share && !cable.blocked) {
      const first = cable.queue.shift();
      if (first === undefined) break;
      const part = first.subarray(0, Math.floor(share - sent));
      if (part.length < first.length) cable.queue.unshift(first.subarray(part.length));
      if (part.length === 0) break;
      sent += part.length;
      cable.queuedBytes -= part.length;
      forward(cable, part);
    }
    if (cable.queue.length === 0 && cable.server.readableEnded) cable.client.end();
    flow(cable);
    return sent;
  };

  const tick = (): void => {
    const nowMs = performance.now();
    const elapsedMs = Math.min(nowMs - lastMs, MAX_BURST_MS);
    lastMs = nowMs;
    const ready = [...cables].filter(({ queue, blocked }) => queue.length > 0 && !blocked);
    if (ready.length === 0) {
      allowance = 0;
      return;
    }
    allowance += rate === null ? Number.POSITIVE_INFINITY : (rate * elapsedMs) / 1000;
    // In shares of a segment at least, the rest kept for the next tick; who was served goes behind the others.
    for (const [at, cable] of ready.entries()) {
      const share = Math.min(allowance, Math.max(allowance / (ready.length - at), 1448));
      if (share < 1) break;
      allowance -= drain(cable, share);
      cables.delete(cable);
      cables.add(cable);
    }
    if (!Number.isFinite(allowance)) allowance = 0;
  };

  const onConnection = (client: Socket): void => {
    const server = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    const cable: Cable = { client, server, link: null, queue: [], queuedBytes: 0, blocked: false };
    cables.add(cable);
    const end = (): void => {
      cables.delete(cable);
      client.destroy();
      server.destroy();
    };
    client.on('data', (bytes: Buffer) => {
      onRequest(cable, bytes);
      server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      if (cable.link === null || rate === null) forward(cable, bytes);
      else {
        cable.queue.push(bytes);
        cable.queuedBytes += bytes.length;
      }
      flow(cable);
    });
    server.on('end', () => {
      if (cable.queue.length === 0) client.end();
    });
    client.on('drain', () => {
      cable.blocked = false;
      flow(cable);
    });
    client.on('end', () => server.end());
    client.on('close', end);
    client.on('error', end);
    server.on('error', end);
  };

  const listener: Server = createServer({ allowHalfOpen: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve);
  });
  const timer = setInterval(tick, TICK_MS);
  const at = listener.address();
  return {
    port: typeof at === 'object' && at !== null ? at.port : 0,
    counts: () => counts,
    forget: () => {
      counts = noCounts();
    },
    setRate: (next) => {
      rate = next;
    },
    close: () => {
      clearInterval(timer);
      listener.close();
      for (const { client } of cables) client.destroy();
    },
  };
}

export function noCounts(): LineCounts {
  return { gets: 0, ranges: 0, conditional: 0, bytes: 0, links: new Map() };
}
