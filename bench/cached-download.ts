// Measures what a download from the cache costs: CPU time of the server for each MB, over TLS and plain.
import { selfSigned } from '../test/rig/made-certificate.ts';
import { tapRecords } from '../test/rig/record-tap.ts';
import type { DownloadsCalls, DownloadsResult } from './load/downloads.ts';
import { type Child, startChild } from './rig/child.ts';
import type { Way } from './rig/device-client.ts';
import { DOMAIN } from './rig/device-words.ts';
import type { ImageName } from './rig/firmware.ts';
import { nginxHere, startNginx } from './rig/nginx.ts';
import { otagateProgram, startOtagate } from './rig/otagate.ts';
import { cpuMsOf } from './rig/process-tree.ts';
import { type Bench, type Report, runProgram } from './rig/program.ts';
import { inTurns, type Served } from './rig/served.ts';
import { largest, median, spreadText } from './rig/spread.ts';
import type { Cell, Table } from './rig/table.ts';
import type { UpstreamCalls } from './rig/upstream.ts';

const SPEC = {
  name: 'cached-download',
  about: 'CPU for each MB of a cached image, over TLS with small and large records and over plain HTTP',
  deadlineMs: 30 * 60_000,
  options: {
    downloads: { default: '200', about: 'downloads in each measurement; over plain HTTP four times that' },
    parallel: { default: '8', about: 'clients at a time' },
    'image-bytes': { default: '3000000', about: 'size of the image' },
    rounds: { default: '4', about: 'measurements of each, in turns' },
    limit: { default: '60', about: 'the longest that one measurement may take, in seconds' },
  },
};

const CASES = [
  { name: 'TLS, 4 KB records', recordBytes: 4096, secure: true, times: 1 },
  { name: 'TLS, 16 KB records', recordBytes: 16_384, secure: true, times: 1 },
  // Cheap enough to drown in the kernel's ticks of 10 ms, were there not more of them.
  { name: 'plain HTTP', recordBytes: 4096, secure: false, times: 4 },
] as const;

const COLUMNS = ['connections', 'server', 'CPU ms/MB', 'of nginx', 'CPU ms/download', 'MB/s', 'identical'];

/** RFC 5246, section 6.2.1. */
const APPLICATION_DATA = 23;

type Turn = { cpuMs: number; result: DownloadsResult };

async function measure(bench: Bench): Promise<Report> {
  const image = { version: '2.0.1', bytes: Math.ceil(bench.number('image-bytes') / 16) * 16 };
  const certificate = selfSigned(DOMAIN, 'P-256');
  const program = otagateProgram(bench);
  const nginx = nginxHere();
  const notes = new Set(['missing' in nginx ? nginx.missing : `nginx ${nginx.version}`]);
  const faults = new Set<string>();
  const upstream = startChild<UpstreamCalls>(bench, new URL('./rig/upstream.ts', import.meta.url));
  // Stable links with validators: what nginx's cache can keep, too.
  const plan = { kind: 'python', image, devices: 0, bytesPerSecond: null } as const;
  const at = { kind: plan.kind, ...(await upstream.call('start', plan)) };
  const load = startChild<DownloadsCalls>(bench, new URL('./load/downloads.ts', import.meta.url));

  const tables: Table[] = [];
  for (const { name, recordBytes, secure, times } of CASES) {
    const shared = { upstream: at, certificate, recordBytes };
    const gate = await startOtagate(bench, { ...shared, program, firmware: '{ pace: { device: none } }' });
    for (const note of gate.notes) notes.add(note);
    const servers: Served[] = [gate];
    if ('binary' in nginx) servers.push(await startNginx(bench, nginx.binary, shared));
    const rows: Cell[][] = [];
    for (const connections of ['fresh', 'kept'] as const) {
      const wayOf = (server: Served) => ({
        address: '127.0.0.1',
        port: secure ? server.https : server.http,
        ca: secure ? certificate.cert : null,
        name: DOMAIN,
      });
      if (secure) {
        for (const server of servers)
          notes.add(`${server.name}, ${name}: ${await describeTls(bench, load, wayOf(server), image)}`);
      }
      const turns = await inTurns(servers, bench.number('rounds') + 1, async (server, round) => {
        bench.say(`${name}, ${connections}: ${server.name}, ${round === 0 ? 'to warm up' : `round ${round}`}`);
        return oneTurn(bench, load, server, {
          way: wayOf(server),
          downloads: bench.number('downloads') * times,
          connections,
          image,
        });
      });
      rows.push(...rowsOf(connections, servers, turns, image.bytes, notes));
      for (const [{ name: server }, all] of turns) {
        const wrong = all.reduce((sum, { result }) => sum + result.corrupt, 0);
        if (wrong > 0) faults.add(`${server}: ${wrong} downloads were complete and not the image`);
      }
    }
    tables.push({ title: name, columns: COLUMNS, rows });
    for (const server of servers) await server.stop();
  }
  const { gets } = await upstream.call('counts', undefined);
  notes.add(`the upstream was asked for a download ${gets} times in all`);
  return { tables, notes: [...notes], faults: [...faults] };
}

/** What really goes over the line: like must be compared with like. */
async function describeTls(bench: Bench, load: Child<DownloadsCalls>, way: Way, image: ImageName): Promise<string> {
  const suite = await load.call('suite', way);
  const tap = await tapRecords({ after: (end) => bench.defer(() => (end as (() => void) | undefined)?.()) }, way.port);
  const paths = await load.call('links', { way, devices: 1 });
  const one = { paths, downloads: 1, connections: 'fresh', image, withinMs: 0 } as const;
  await load.call('run', { ...one, way: { ...way, port: tap.port }, silenceMs: 30_000, limitMs: 30_000 }, 40_000);
  const sizes = tap.records.filter(({ type }) => type === APPLICATION_DATA).map(({ bytes }) => bytes);
  return `${suite}, records of ${median(sizes)} bytes (median), ${largest(sizes)} at most`;
}

type Work = Pick<Parameters<DownloadsCalls['run']>[0], 'way' | 'downloads' | 'connections' | 'image'>;

async function oneTurn(bench: Bench, load: Child<DownloadsCalls>, server: Served, work: Work): Promise<Turn> {
  const limitMs = bench.number('limit') * 1000;
  const paths = await load.call('links', { way: work.way, devices: bench.number('parallel') });
  const before = cpuMsOf(server.pid());
  const result = await load.call('run', { ...work, paths, withinMs: 0, silenceMs: 30_000, limitMs }, limitMs + 20_000);
  return { cpuMs: cpuMsOf(server.pid()) - before, result };
}

function rowsOf(
  connections: string,
  servers: readonly Served[],
  turns: ReadonlyMap<Served, Turn[]>,
  imageBytes: number,
  notes: Set<string>,
): Cell[][] {
  const perMegabyte = (turn: Turn): number => turn.cpuMs / (turn.result.bytes / 1e6);
  // The first of each has filled the cache.
  const measured = new Map([...turns].map(([server, all]) => [server, all.slice(1)]));
  const beside = servers.find(({ name }) => name === 'nginx');
  const theirs = median((beside === undefined ? [] : (measured.get(beside) ?? [])).map(perMegabyte));
  return servers.map((server) => {
    const own = measured.get(server) ?? [];
    const all = own.map(({ result }) => result);
    const done = all.reduce((sum, { identical }) => sum + identical, 0);
    const asked = all.reduce((sum, { identical, corrupt, failed }) => sum + identical + corrupt + failed, 0);
    const because = all.find((result) => result.because !== '')?.because;
    if (because !== undefined) notes.add(`${server.name}: ${because}`);
    return [
      connections,
      server.name,
      spreadText(own.map(perMegabyte)),
      median(own.map(perMegabyte)) / theirs,
      (median(own.map(perMegabyte)) * imageBytes) / 1e6,
      spreadText(all.map(({ bytes, wallMs }) => bytes / 1e3 / wallMs)),
      `${done} of ${asked}`,
    ];
  });
}

await runProgram(SPEC, measure);
