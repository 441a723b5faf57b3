// Owns password files as `htpasswd` writes them: a name and a hashed password on each line.
import { readBoundedText } from './bounded-file.ts';
import { good, type Reading, wrong } from './reading.ts';

/** Name and hash. */
export type Login = { user: string; hash: string };

const MAX_BYTES = 256 * 1024;
const MAX_LOGINS = 1000;
const EXPECTED = 'a file as htpasswd -B writes it: name:hash, a line for each';
// bcrypt with 4 to 13 rounds (more keeps a core for seconds), and Apache's own MD5, which many files still hold.
const BCRYPT = /^\$2[aby]\$(0[4-9]|1[0-3])\$[./A-Za-z0-9]{53}$/;
const APACHE_MD5 = /^\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}$/;

/** The logins of a file; every message names the line, and none holds a part of it. `file` is absolute. */
export function readPasswordFile(file: string): Reading<Login[]> {
  const read = readBoundedText(file, MAX_BYTES);
  if (!read.ok) return wrong(read.because === 'system' ? `cannot be read (${read.code})` : 'cannot be used', EXPECTED);
  const logins = new Map<string, string>();
  for (const [index, line] of read.text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const where = `line ${index + 1} of the file`;
    if (colon < 1) return wrong(`${where} is no name and hash`, EXPECTED);
    const [user, hash] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (/\p{Cc}/u.test(user)) return wrong(`${where} has a control character in its name`, EXPECTED);
    if (logins.has(user)) return wrong(`${where} has a name that was there before`, 'each name once');
    if (!BCRYPT.test(hash) && !APACHE_MD5.test(hash)) {
      return wrong(`${where} has a hash that is not known here`, 'bcrypt with 4 to 13 rounds (htpasswd -B), or apr1');
    }
    logins.set(user, hash);
  }
  if (logins.size === 0) return wrong('holds no name', EXPECTED);
  if (logins.size > MAX_LOGINS) return wrong(`holds ${logins.size} names`, `${MAX_LOGINS} at most`);
  return good([...logins].map(([user, hash]) => ({ user, hash })));
}
