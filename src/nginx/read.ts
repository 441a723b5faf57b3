// Owns the reading of nginx's files: the one that is named, and those that it includes, in their place.
import { globSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readBoundedText } from '../config/bounded-file.ts';
import { type Directive, type Place, parseNginx } from './syntax.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 500;
// Types and parameters of other programs, which no file of sites is.
const OF_NO_USE = /(^|\/)(mime\.types|modules-enabled\/.*|modules\/.*|(fastcgi|uwsgi|scgi)_params|fastcgi\.conf)$/;

export type ReadFault = { place: Place; problem: string };
export type ReadFiles = { directives: Directive[]; faults: ReadFault[]; ignored: Directive[] };

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
};

/** All directives of a file, with those of included files in place of `include`. Never throws. */
export function readNginxFile(file: string): ReadFiles {
  const faults: ReadFault[] = [];
  const ignored: Directive[] = [];
  // nginx takes relative names from the folder of its main file, wherever the include stands.
  const root = dirname(file);
  let files = 0;
  const readOne = (path: string, from: Place, above: readonly string[]): Directive[] => {
    files += 1;
    if (files > MAX_FILES) return fault(from, `more than ${MAX_FILES} files`);
    const read = readBoundedText(path, MAX_BYTES);
    if (!read.ok)
      return fault(
        from,
        `${path} cannot be read (${read.because === 'system' ? (READ_FAILURES[read.code] ?? read.code) : read.because})`,
      );
    const parsed = parseNginx(read.text, path);
    if (!parsed.ok) return fault(parsed.place, parsed.problem);
    return spread(parsed.directives, [...above, path]);
  };
  const fault = (place: Place, problem: string): Directive[] => {
    faults.push({ place, problem });
    return [];
  };
  const spread = (directives: Directive[], above: readonly string[]): Directive[] =>
    directives.flatMap((directive): Directive[] => {
      if (directive.name !== 'include') {
        return [directive.block === null ? directive : { ...directive, block: spread(directive.block, above) }];
      }
      const pattern = directive.args[0] ?? '';
      const path = isAbsolute(pattern) ? pattern : join(root, pattern);
      if (OF_NO_USE.test(pattern)) {
        ignored.push(directive);
        return [];
      }
      const found = /[*?[]/.test(path) ? globSync(path).sort() : [path];
      return found.flatMap((each) =>
        above.includes(each)
          ? fault(directive.place, `${each} includes itself`)
          : readOne(each, directive.place, above),
      );
    });
  return { directives: readOne(file, { file, line: 0 }, []), faults, ignored };
}
