// Owns the text of an OTA reply: reads fields, and replaces values in place, so that all the rest stays byte for byte.
import { type Node, type ParseError, parseTree } from 'jsonc-parser';

export type ReplyText = {
  /** The string at `outer.inner`, or null. */
  string(outer: string, inner: string): string | null;
  /** The number at `outer.inner`, or null. */
  number(outer: string, inner: string): number | null;
  /** Puts a value in the place of the one at the path, wherever the path occurs. */
  replace(path: readonly string[], value: unknown): void;
  /** The same at the top, and adds the key where it is not there. */
  put(key: string, value: unknown): void;
  write(): Buffer;
};

type Edit = { offset: number; length: number; text: string };

/** A reply as text with places, or null where it is not one JSON object in UTF-8. Never throws. */
export function parseReply(reply: Buffer): ReplyText | null {
  let text: string;
  let root: Node | undefined;
  const errors: ParseError[] = [];
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(reply);
    // cJSON on the device skips a byte order mark, so we must read what comes after it as well.
    root = parseTree(text.replace(/^\ufeff/, ' '), errors, { disallowComments: true, allowTrailingComma: false });
  } catch {
    return null; // broken UTF-8, or nested deeper than the stack
  }
  if (errors.length > 0 || root?.type !== 'object') return null;
  const object = root;
  const edits: Edit[] = [];
  const replace = (path: readonly string[], value: unknown): void => {
    for (const { offset, length } of nodesAt(object, path)) edits.push({ offset, length, text: JSON.stringify(value) });
  };
  return {
    string: (outer, inner) => {
      const found = nodesAt(object, [outer, inner])[0];
      return found?.type === 'string' ? String(found.value) : null;
    },
    number: (outer, inner) => {
      const found = nodesAt(object, [outer, inner])[0];
      return found?.type === 'number' ? Number(found.value) : null;
    },
    replace,
    put: (key, value) => {
      if (nodesAt(object, [key]).length > 0) return replace([key], value);
      const member = `${JSON.stringify(key)}:${JSON.stringify(value)}${object.children?.length ? ',' : ''}`;
      edits.push({ offset: object.offset + 1, length: 0, text: member });
    },
    write: () => Buffer.from(applyEdits(text, edits)),
  };
}

/** All nodes at a path: cJSON on the device takes the first of two equal keys, other parsers the last. */
function nodesAt(root: Node, path: readonly string[]): Node[] {
  return path.reduce<Node[]>((nodes, key) => nodes.flatMap((node) => membersOf(node, key)), [root]);
}

/** cJSON compares keys without regard to case, so `URL` is the device's `url` too. */
function membersOf(node: Node, key: string): Node[] {
  if (node.type !== 'object') return [];
  return (node.children ?? []).flatMap((property) => {
    const [name, value] = property.children ?? [];
    return value !== undefined && String(name?.value).toLowerCase() === key ? [value] : [];
  });
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { offset, length, text: put } of edits.toSorted((a, b) => b.offset - a.offset)) {
    result = result.slice(0, offset) + put + result.slice(offset + length);
  }
  return result;
}
