// Owns the rules of the source tree: which folder may know which, and what no file does. Each gives its offences.
import { isRelative, resolveImport, type SourceFile, withoutComments } from './imports.ts';

/** A folder imports only from folders of lower rank, and equals never import each other. Types count. */
export const RANKS: Readonly<Record<string, number>> = {
  base: 0,
  config: 1,
  policy: 2,
  ota: 2,
  device: 2,
  link: 3,
  store: 3,
  upstream: 3,
  tls: 4,
  firmware: 4,
  backup: 4,
  doctor: 5,
  nginx: 2,
  gate: 6,
  control: 6,
  cli: 7,
  demo: 7,
  dashboard: 7,
};

/** Packages that one module, or one folder, owns: so that they can be changed in one place. */
export const OWNERS: Readonly<Record<string, string>> = {
  'http-proxy': 'src/gate/proxy-engine.ts',
  '@redis/client': 'src/store/redis/',
  'acme-client': 'src/tls/',
  '@opentelemetry': 'src/gate/tracing.ts',
  'node-forge': 'src/tls/',
};

const MAX_LINES = 300;
const NAMELESS = /(^|\/)(index|utils?|types|helpers?)(\.tsx?$|\/)/;

export function rankOffences(sources: readonly SourceFile[]): string[] {
  return eachImport(sources, ({ file }, specifier, at) => {
    if (!isRelative(specifier)) return null;
    const from = folderOf(file);
    const target = resolveImport(file, specifier);
    if (!target.startsWith('src/')) return `${at} leaves src/: ${specifier}`;
    const to = folderOf(target);
    if (from === to) return null;
    const [own, other] = [RANKS[from], RANKS[to]];
    if (own === undefined || other === undefined)
      return `${at} a folder without a rank: ${own === undefined ? from : to}/`;
    return other < own ? null : `${at} ${from}/ (rank ${own}) may not import from ${to}/ (rank ${other})`;
  });
}

/** Every cycle once, as the way round it; an edge is named by file and line. */
export function importCycles(sources: readonly SourceFile[]): string[] {
  const edges = new Map(sources.map((source) => [source.file, edgesOf(source)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, way: readonly { file: string; at: string }[]): void => {
    const start = way.findIndex((step) => step.file === file);
    if (start >= 0) {
      const steps = way.slice(start).map(({ at }) => at);
      cycles.push(`${steps.join(' → ')} → back to ${file}`);
      return;
    }
    if (done.has(file)) return;
    for (const { to, line } of edges.get(file) ?? []) visit(to, [...way, { file, at: `${file}:${line}` }]);
    done.add(file);
  };
  for (const { file } of sources) visit(file, []);
  return cycles;
}

export function specifierOffences(sources: readonly SourceFile[]): string[] {
  return eachImport(sources, (_, specifier, at) => {
    if (specifier === '') return `${at} import() of something other than a plain string: nothing can follow it`;
    return isRelative(specifier) && !/\.tsx?$/.test(specifier) ? `${at} does not end in .ts: ${specifier}` : null;
  });
}

export function ownerOffences(sources: readonly SourceFile[]): string[] {
  return eachImport(sources, ({ file }, specifier, at) => {
    const owned = Object.entries(OWNERS).find(([name]) => specifier === name || specifier.startsWith(`${name}/`));
    if (owned === undefined || file === owned[1] || (owned[1].endsWith('/') && file.startsWith(owned[1]))) return null;
    return `${at} ${owned[0]} belongs to ${owned[1]}`;
  });
}

export function shapeOffences(sources: readonly SourceFile[]): string[] {
  return sources.flatMap(({ file, text }) => {
    const lines = text.trimEnd().split('\n');
    const first = lines.findIndex((line) => !line.startsWith('#!'));
    const speaks = /^src\/(cli|demo)\//.test(file);
    return [
      ...(NAMELESS.test(file) ? [`${file}:1 has a name that says nothing`] : []),
      ...(/^\/\/ \S/.test(lines[first] ?? '')
        ? []
        : [`${file}:${first + 1} does not begin with a // comment on what it owns`]),
      ...(lines.length > MAX_LINES ? [`${file}:${MAX_LINES + 1} has ${lines.length} lines, ${MAX_LINES} at most`] : []),
      ...(speaks
        ? []
        : linesWith(text, /\bconsole\.log\b/).map((line) => `${file}:${line} console.log outside cli/ and demo/`)),
    ];
  });
}

/** Lines that look like an import and were not read as one: a hole in the reading, not in the source. */
export function unreadImports(sources: readonly SourceFile[]): string[] {
  return sources.flatMap(({ file, text, imports }) =>
    linesWith(text, /^(import\b.*|export\b.*|\} )\bfrom ['"][^'"]+['"]|^import ['"]/)
      .filter((line) => !imports.some((read) => read.line === line))
      .map((line) => `${file}:${line} is an import that this test cannot read`),
  );
}

function eachImport(
  sources: readonly SourceFile[],
  judge: (source: SourceFile, specifier: string, at: string) => string | null,
): string[] {
  return sources.flatMap((source) =>
    source.imports
      .map(({ specifier, line }) => judge(source, specifier, `${source.file}:${line}`))
      .filter((offence) => offence !== null),
  );
}

function edgesOf({ file, imports }: SourceFile): { to: string; line: number }[] {
  return imports
    .filter(({ specifier }) => isRelative(specifier))
    .map(({ specifier, line }) => ({ to: resolveImport(file, specifier), line }));
}

function folderOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function linesWith(text: string, pattern: RegExp): number[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}
