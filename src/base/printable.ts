// Owns the step that makes text from outside safe to print: in a log line, on a terminal, in a message.

// C0 and C1 controls, DEL, line and paragraph separators, and the bidirectional overrides that reorder a terminal line.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Text from a client or an upstream, on one line and of bounded length.
 * Controls become `\xNN`, so that hostile header bytes can neither end a log line nor drive a terminal.
 */
export function printable(text: string, maxLength = 200): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replace(UNPRINTABLE, (control) => {
    const code = control.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
