// Owns the step that makes text from devices safe to look at. It stays text: what could reorder or hide it is spelt out.

// Controls, separators of lines, what turns the direction of writing, and what takes no room: with these, one name can
// pass for another. The gate spells out most of them; names come from devices, so the page does not count on it.
const UNSEEN = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** `text` on one line, `maxLength` characters at most, with every unseen character as `\xNN` or `\uNNNN`. */
export function visible(text: string, maxLength = 200): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for what may be missing, or be no text at all. */
export function visibleValue(value: unknown, maxLength = 200): string {
  if (value === null || value === undefined) return '–';
  return visible(typeof value === 'string' ? value : JSON.stringify(value), maxLength);
}
