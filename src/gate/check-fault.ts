// Owns the look whether a reply to an OTA check is an error in the shape of a success: servers report faults as 200.
import { printable } from '../base/printable.ts';

// One of them is in every answer to a check: a bound device with auto-update off gets no `firmware`, but the time.
const SIGNS = ['firmware', 'server_time'];
// Where servers put their words: Python `message`, Java `error` or `msg`.
const WORDS = ['message', 'msg', 'error'];
const MAX_WORDS = 120;

/** What is wrong with a reply, as one printable line, or null for an answer to a check and for what is no JSON object. */
export function checkFault(reply: Buffer): string | null {
  const fields = fieldsOf(reply);
  if (fields === null || SIGNS.some((sign) => fields.has(sign))) return null;
  const words = WORDS.map((name) => fields.get(name)).find((value) => typeof value === 'string' && value !== '');
  const code = fields.get('code');
  const said = [
    ...(typeof code === 'number' ? [`code ${code}`] : []),
    ...(typeof words === 'string' ? [`"${printable(words, MAX_WORDS)}"`] : []),
  ];
  const saying = said.length > 0 ? said.join(', ') : 'no message';
  return `the reply is no answer to a check, whatever its status (neither firmware nor server_time): the upstream says ${saying}`;
}

/** By name in lower case, as devices compare them. */
function fieldsOf(reply: Buffer): Map<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(reply.toString('utf8').replace(/^\ufeff/, ''));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
  } catch {
    return null; // the rewriting has told so already
  }
}
