// Finds the test files: all of test/, or those under the paths that the command line names.
import { readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const TEST = /\.test\.ts$/;

/**
 * Splits the arguments into options for `node --test` and paths, and gives the files that the paths stand for (all of
 * them where there is none), relative to `root`.
 * @throws {Error} for a path that holds no test
 */
export function selectTests(root, args) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const paths = args.filter((arg) => !arg.startsWith('-'));
  const files = (paths.length === 0 ? ['test'] : paths).flatMap((path) => {
    const found = testsUnder(resolve(root, path));
    if (found.length === 0) throw new Error(`${path} holds no test: name a folder or a file, such as test/policy`);
    return found;
  });
  return { options, files: [...new Set(files)].sort().map((file) => relative(root, file)) };
}

// By hand, since this runs on Node 18 too, which has neither globs nor a reliable recursive readdir.
function testsUnder(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return stat?.isFile() === true && TEST.test(path) ? [path] : [];
  return readdirSync(path)
    .filter((name) => name !== 'node_modules' && !name.startsWith('.'))
    .flatMap((name) => testsUnder(join(path, name)));
}
