// Owns the reading of paths out of a document: what stands in backticks and looks like a file or folder of the project.

export type NamedPath = { path: string; line: number };

const NOT_OURS = [
  /\s/, // a command
  /^[/~@-]/, // a path of a URL, one of the machine, a scoped package, an option
  /[:<>{}()=?…]/, // a URL, a pattern with a blank to fill, code
  /^[\da-f.]+\/\d+$/i, // a network
  /^(application|audio|image|multipart|text)\//, // a media type
];

/** Each with its line. Blocks between ``` are left out: they hold drawings and examples. */
export function pathsNamedIn(text: string): NamedPath[] {
  const visible = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''));
  return visible.split('\n').flatMap((content, index) =>
    [...content.matchAll(/`([^`]+)`/g)]
      .map((match) => match[1] ?? '')
      .filter((code) => (code.includes('/') || code.endsWith('.ts')) && !NOT_OURS.some((pattern) => pattern.test(code)))
      .map((path) => ({ path, line: index + 1 })),
  );
}

/**
 * The places where a path may be: at the root, under src/, and for the bare name of a file wherever a file has it. Of a
 * pattern with `*`, the folder before it.
 */
export function placesOf(path: string, files: readonly string[]): string[] {
  const fixed = path.replace(/[^/]*\*.*$/, '');
  const namesakes = path.includes('/') ? [] : files.filter((file) => file.endsWith(`/${path}`));
  return path.includes('/') ? [fixed, `src/${fixed}`] : [path, ...namesakes];
}
