// Owns the YAML that comes of an nginx's files: the configuration, what each route came from, and every line that is not in it.
import { basename, dirname, relative, resolve } from 'node:path';
import { Document, isMap, isSeq } from 'yaml';
import { listed } from './notes.ts';
import type { ReadFiles } from './read.ts';
import { translate } from './translate.ts';

/** The text of a configuration file. `file` is the one that was read. */
export function writeImport(file: string, { directives, faults, ignored }: ReadFiles): string {
  const root = dirname(resolve(file));
  const { config, sources, remarks, notes } = translate(directives, root);
  for (const directive of ignored) notes.needless(directive, 'types of files are known');
  const document = new Document(config);
  const routes = document.get('routes');
  if (isSeq(routes)) {
    for (const item of routes.items) {
      if (!isMap(item)) continue;
      const source = sources[String(item.get('name'))];
      if (source !== undefined) item.commentBefore = ` ${printed(source)}`;
    }
  }
  const head = [
    `Made from ${basename(file)}. Look through it, run \`otagate check\`, and see config/full.yaml for all that can be said.`,
    'By plain HTTP, devices are let in from the LAN, others while an opening lasts; nginx let in everyone, which is',
    'plainHttp: always on their routes. Plain HTTP of browsers is moved to https by 308 where a route says never.',
    ...remarks,
  ];
  const tail = [
    ...section('Not carried over:', [
      ...faults.map(({ place, problem }) => `${relative(root, place.file)}:${place.line}: ${problem}`),
      ...listed(notes.left, root),
    ]),
    ...section('Done by the gate in its own way:', listed(notes.byItself, root)),
  ];
  const lines = (texts: readonly string[]): string => texts.map((text) => `# ${printed(text)}`.trimEnd()).join('\n');
  return `${lines(head)}\n\n${document.toString({ lineWidth: 110, flowCollectionPadding: true })}${tail.length > 0 ? `\n${lines(tail)}\n` : ''}`;
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : ['', title, ...entries.map((entry) => `  ${entry}`)];
}

/** A line of a comment must stay one, whatever a file holds. */
function printed(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
