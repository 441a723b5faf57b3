// Owns the reading of a Dockerfile and of a .dockerignore.

export type Instruction = { line: number; name: string; value: string };

/** One build stage: its own name or its number, what it starts from, and what follows. */
export type Stage = { name: string; from: string; instructions: Instruction[] };

/** The stages of a Dockerfile; comments left out, continued lines joined. */
export function readStages(text: string): Stage[] {
  const stages: Stage[] = [];
  for (const instruction of readInstructions(text)) {
    const [from = '', , name = String(stages.length)] = instruction.value.split(/\s+/);
    if (instruction.name === 'FROM') stages.push({ name, from, instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

export function readInstructions(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let open: Instruction | null = null;
  for (const [index, raw] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(raw)) continue;
    const continued = raw.endsWith('\\');
    const content = (continued ? raw.slice(0, -1) : raw).trim();
    if (open === null) {
      const [, name = '', value = ''] = /^(\w+)\s*(.*)$/.exec(content) ?? [];
      open = { line: index + 1, name: name.toUpperCase(), value };
      instructions.push(open);
    } else open.value = `${open.value} ${content}`.trim();
    if (!continued) open = null;
  }
  return instructions;
}

/** The words of an instruction in exec form (a JSON list of strings), or null where it is in shell form. */
export function execForm(value: string): string[] | null {
  try {
    const words: unknown = JSON.parse(value);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : null;
  } catch {
    return null;
  }
}

/** Options (`--from=build`), sources and the destination of a COPY. */
export function readCopy(value: string): { from: string | null; sources: string[] } {
  const words = value.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length) ?? null;
  return { from, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) };
}

/** Docker's rule: the last pattern that fits the path, or a folder that it is in, decides; `!` takes back. */
export function isIgnored(path: string, dockerignore: string): boolean {
  const patterns = dockerignore.split('\n').map((line) => line.trim());
  let ignored = false;
  for (const pattern of patterns) {
    if (pattern === '' || pattern.startsWith('#')) continue;
    const back = pattern.startsWith('!');
    if (fits(path, back ? pattern.slice(1) : pattern)) ignored = !back;
  }
  return ignored;
}

function fits(path: string, pattern: string): boolean {
  const source = pattern
    .replace(/^\/|\/$/g, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, (wild) => (wild.startsWith('**') ? '(.*/)?' : wild === '*' ? '[^/]*' : '[^/]'));
  return new RegExp(`^${source}(/|$)`).test(path);
}
