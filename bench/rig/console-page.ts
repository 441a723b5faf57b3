// Owns a page of a console as a browser loads it: the document and all that it names, in the sizes of a Vue application.

export type PageFile = { path: string; type: string; bytes: number };

const KB = 1000;

const named = (folder: string, ending: string, type: string, kilobytes: readonly number[]): PageFile[] =>
  kilobytes.map((size, index) => ({ path: `/${folder}/${index}.${ending}`, type, bytes: Math.round(size * KB) }));

/** In the order in which they are asked for. The largest are the libraries' script and style sheet. */
export const PAGE: readonly PageFile[] = [
  { path: '/', type: 'text/html', bytes: 3 * KB },
  ...named('css', 'css', 'text/css', [210, 14, 9, 6, 4, 2.5]),
  ...named('js', 'js', 'application/javascript', [980, 120, 64, 42, 31, 22, 16, 11, 8, 5.5]),
  ...named('fonts', 'woff', 'font/woff', [28, 56]),
  ...named('img', 'png', 'image/png', [140, 72, 38, 21, 12, 7, 4.5, 3, 2]),
  ...named('user', 'json', 'application/json', [0.4, 1.2]),
];

export const PAGE_BYTES = PAGE.reduce((sum, { bytes }) => sum + bytes, 0);
