// Owns how the address of a Unix socket stands where origins stand: as an origin of its own, which no DNS can know.
import { isAbsolute } from 'node:path';

// Reserved for names that lead nowhere (RFC 6761 section 6.4).
const SUFFIX = '.unix.invalid';
const LABEL = 62;
// What the system takes at the most (sun_path), without its last zero.
export const MAX_SOCKET_PATH_BYTES = 107;

/** The origin that stands for a socket: its path in hexadecimal, as a host name. */
export function unixOrigin(path: string): string {
  const hex = Buffer.from(path).toString('hex');
  return `http://${(hex.match(new RegExp(`.{1,${LABEL}}`, 'g')) ?? []).join('.')}${SUFFIX}`;
}

/** The socket that an origin stands for; null for every other origin. */
export function socketPathOf(origin: string): string | null {
  if (!origin.endsWith(SUFFIX)) return null;
  const hex = origin.slice('http://'.length, -SUFFIX.length).replaceAll('.', '');
  const path = Buffer.from(hex, 'hex').toString();
  return isAbsolute(path) ? path : null;
}

/** An origin as people write it. */
export function showOrigin(origin: string): string {
  const path = socketPathOf(origin);
  return path === null ? origin : `unix:${path}`;
}
