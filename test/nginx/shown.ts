// Owns what docs/from-nginx.md shows: the six files, and what an import makes of each.
import { dirname } from 'node:path';
import { readNginxFile } from '../../src/nginx/read.ts';
import { writeImport } from '../../src/nginx/write.ts';

/** Title, the file that is imported, and the files that are shown. */
export const FILES: [title: string, file: string, shown: string[]][] = [
  ['HTTPS for the console', '1-https-for-the-console.conf', ['1-https-for-the-console.conf']],
  ['Plain HTTP for devices alone', '2-plain-for-devices.conf', ['2-plain-for-devices.conf']],
  ['The Python server, without HTTPS', '3-python-server-alone.conf', ['3-python-server-alone.conf']],
  ['Kept to the office', '4-kept-to-the-office.conf', ['4-kept-to-the-office.conf']],
  ['Old ports', '5-old-ports.conf', ['5-old-ports.conf']],
  [
    'A main file and its sites',
    '6-main-and-sites/nginx.conf',
    [
      '6-main-and-sites/nginx.conf',
      '6-main-and-sites/sites-enabled/console.conf',
      '6-main-and-sites/sites-enabled/moved.conf',
    ],
  ],
];

/** The imported file as the document shows it: in /etc/nginx, without what the gate does by itself. */
export function shownYaml(file: string): string {
  const text = writeImport(file, readNginxFile(file)).replaceAll(dirname(file), '/etc/nginx');
  const [head = '', ...rest] = text.split('\n\n');
  return [head.startsWith('#') ? '' : head, rest.join('\n\n')]
    .join('')
    .replace(/\n#\n# Done by the gate in its own way:[\s\S]*$/, '\n')
    .replace(/^( *)# .*:\d+: (location|return) .*\n/gm, '')
    .replace(/\n#\n/g, '\n');
}
