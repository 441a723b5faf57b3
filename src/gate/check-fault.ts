// Owns the look whether a reply to an OTA check is an error in the shape of a success: servers report faults as 200.
import { printable } from '../base/printable.ts';
import type { ReplyText } from '../ota/reply-text.ts';

// One of them is in every answer to a check: a bound device with auto-update off gets no `firmware`, but the time.
const SIGNS = ['firmware', 'server_time'];
// Where servers put their words: Python `message`, Java `error` or `msg`.
const WORDS = ['message', 'msg', 'error'];
const MAX_WORDS = 120;

/** What is wrong with a reply, as one printable line, or null for an answer to a check. */
export function checkFault(reply: ReplyText): string | null {
  if (SIGNS.some((sign) => reply.has(sign))) return null;
  const words = WORDS.map((name) => reply.string(name)).find((text) => text !== null && text !== '');
  const code = reply.number('code');
  const said = [
    ...(code === null ? [] : [`code ${code}`]),
    ...(words == null ? [] : [`"${printable(words, MAX_WORDS)}"`]),
  ];
  const saying = said.length > 0 ? said.join(', ') : 'no message';
  return `the reply is no answer to a check, whatever its status (neither firmware nor server_time): the upstream says ${saying}`;
}
