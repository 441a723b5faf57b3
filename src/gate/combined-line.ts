// Owns the access line in the form that nginx and Apache call combined, which other programs read. Escaped as nginx does.
import type { Exchange } from './exchange.ts';
import { oneHeader } from './facts.ts';
import { loggedPath } from './record.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
// A quote ends a field, a control a line, and what is no ASCII reads differently everywhere.
const SPECIAL = /["\\]|[^\x20-\x7e]/g;
const MAX_FIELD = 1_000;

/** `ADDRESS - - [TIME] "METHOD PATH PROTOCOL" STATUS BYTES "REFERER" "AGENT"`, and a line break. */
export function combinedLine({ facts, request, story, startedMs }: Exchange): string {
  // Without the query, since tokens travel there, and with seals shortened: as in the log.
  const path = loggedPath(facts.target.kind === 'path' ? facts.target.path : (request.url ?? ''));
  const asked = field(`${facts.method} ${path} HTTP/${request.httpVersion}`);
  const [referer, agent] = [oneHeader(request, 'referer'), oneHeader(request, 'user-agent')];
  const from = referer === undefined ? '-' : field(loggedPath(referer));
  const by = agent === undefined ? '-' : field(agent);
  return `${facts.client || '-'} - - [${moment(startedMs)}] "${asked}" ${story.status} ${story.bytes} "${from}" "${by}"\n`;
}

/** Header bytes come as Latin-1: each of them is one escape. */
function field(text: string): string {
  return text.slice(0, MAX_FIELD).replace(SPECIAL, (character) => {
    const bytes = character.charCodeAt(0) < 256 ? [character.charCodeAt(0)] : [...Buffer.from(character)];
    return bytes.map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  });
}

/** `28/Nov/2026:17:40:00 +0100`, by this machine's time zone. */
function moment(atMs: number): string {
  const at = new Date(atMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  const east = -at.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  const day = `${two(at.getDate())}/${MONTHS[at.getMonth()]}/${at.getFullYear()}`;
  return `${day}:${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zone}`;
}
