// Owns nginx's servers as a site: names, ports, certificates and locations, each with the directives that it inherits.
import type { Notes } from './notes.ts';
import type { Directive } from './syntax.ts';

export type Listen = { host: string | null; port: number; tls: boolean };

export type Location = {
  directive: Directive;
  /** `exact` for `=`; everything else by its beginning. */
  kind: 'exact' | 'prefix';
  path: string;
  own: Directive[];
  server: Server;
};

export type Server = {
  directive: Directive;
  listens: Listen[];
  /** Lower case; a leading `*.` is a wildcard. Empty where it takes every name. */
  names: string[];
  tls: boolean;
  locations: Location[];
  /** What stands in the server itself, and what in `http` around it. */
  own: Directive[];
  around: Directive[];
  /** Where relative names start. */
  root: string;
};

export type Sites = { servers: Server[]; upstreams: Map<string, Directive>; streams: Directive[]; top: Directive[] };

const STRUCTURE = new Set(['http', 'server', 'upstream', 'stream', 'location']);

/** Finds the servers. A file of one site has them at its top; a main file within `http`. */
export function findSites(directives: Directive[], root: string, notes: Notes): Sites {
  const http = directives.filter(({ name }) => name === 'http').flatMap(({ block }) => block ?? []);
  const all = [...directives, ...http];
  const around = http.filter(({ name }) => !STRUCTURE.has(name));
  const top = directives.filter(({ name }) => !STRUCTURE.has(name));
  const upstreams = new Map(
    all.filter(({ name, block }) => name === 'upstream' && block !== null).map((each) => [each.args[0] ?? '', each]),
  );
  const servers = all
    .filter(({ name, block }) => name === 'server' && block !== null)
    .map((directive) => readServer(directive, around.length > 0 ? around : top, root, notes));
  const streams = directives.filter(({ name }) => name === 'stream').flatMap(({ block }) => block ?? []);
  return { servers, upstreams, streams, top: [...top, ...around] };
}

function readServer(directive: Directive, around: Directive[], root: string, notes: Notes): Server {
  const block = directive.block ?? [];
  const listens = block.filter(({ name }) => name === 'listen').flatMap((each) => readListen(each, notes));
  const sslOn = block.some(({ name, args }) => name === 'ssl' && args[0] === 'on');
  const server: Server = {
    directive,
    listens: listens.length > 0 ? listens : [{ host: null, port: 80, tls: false }],
    names: block.filter(({ name }) => name === 'server_name').flatMap((each) => readNames(each, notes)),
    tls: sslOn || listens.some(({ tls }) => tls),
    locations: [],
    own: block.filter(({ name }) => !STRUCTURE.has(name)),
    around,
    root,
  };
  // It answers before any location is looked for.
  const answer = block.find(({ name }) => name === 'return');
  server.locations =
    answer === undefined
      ? readLocations(block, server, notes)
      : [{ directive: answer, kind: 'prefix', path: '/', own: [answer], server }];
  return server;
}

function readListen(directive: Directive, notes: Notes): Listen[] {
  const [place = '', ...words] = directive.args;
  if (place.startsWith('unix:')) {
    notes.leave(directive, 'the gate listens on no Unix socket');
    return [];
  }
  if (words.includes('proxy_protocol'))
    notes.leave(directive, 'the PROXY protocol is not taken over: see trustedProxies');
  const match = /^(?:(\[[0-9a-f:]+\]|[^:]+):)?(\d+)$/i.exec(place);
  const port = match === null ? 80 : Number(match[2]);
  const address = match === null ? place : (match[1] ?? null);
  const isEverywhere = address === null || ['*', '0.0.0.0', '[::]', ''].includes(address);
  return [{ host: isEverywhere ? null : address, port, tls: words.includes('ssl') }];
}

function readNames(directive: Directive, notes: Notes): string[] {
  return directive.args.flatMap((name): string[] => {
    const lower = name.toLowerCase();
    if (lower === '_' || lower === '' || lower === '""') return [];
    if (lower.startsWith('~') || /\*(?!\.)|.\*/.test(lower)) {
      notes.leave(directive, `${name}: names are given as they are, or with *. in front`);
      return [];
    }
    return lower.startsWith('.') ? [lower.slice(1), `*${lower}`] : [lower];
  });
}

/** Locations that go by a path; those within others count like the others. */
function readLocations(block: Directive[], server: Server, notes: Notes): Location[] {
  return block
    .filter(({ name }) => name === 'location')
    .flatMap((directive): Location[] => {
      const { args, block: own } = directive;
      const [modifier, path] = args.length > 1 ? [args[0] ?? '', args[1] ?? ''] : ['', args[0] ?? ''];
      const within = readLocations(own ?? [], server, notes);
      if (modifier.startsWith('~') || /^~/.test(path)) {
        notes.leave(
          directive,
          'a route goes by the beginning of a path, not by a pattern: write one for each such path',
        );
        return within;
      }
      if (!path.startsWith('/')) {
        notes.leave(directive, 'only nginx itself jumps to such a location');
        return within;
      }
      const exact = modifier === '=' && !path.endsWith('/');
      return [
        {
          directive,
          kind: exact ? 'exact' : 'prefix',
          path,
          own: (own ?? []).filter(({ name }) => name !== 'location'),
          server,
        },
        ...within,
      ];
    });
}

/** The location that nginx takes for a path: the exact one, else the longest beginning. */
export function locationFor(server: Server, path: string): Location | undefined {
  const exact = server.locations.find((each) => each.kind === 'exact' && each.path === path);
  const prefixes = server.locations.filter((each) => each.kind === 'prefix' && path.startsWith(each.path));
  return exact ?? prefixes.toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** The directives of a name that hold in a location: its own, else the server's, else those around. */
export function inForce({ own, server }: Location, name: string): Directive[] {
  for (const level of [own, server.own, server.around]) {
    const found = level.filter((each) => each.name === name);
    if (found.length > 0) return found;
  }
  return [];
}
