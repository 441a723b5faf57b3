// Owns ${NAME} and ${NAME:-default} in the values of the file, filled in from the environment.

import type { Wrong } from './reading.ts';
import { nearest } from './suggest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A text with its names filled in, whether there were any, and what is wrong with those that could not be. */
export type Filled = { text: string; filled: boolean; wrong?: Wrong };

const REFERENCE = /\$\$\{|\$\{([^{}]*)(\}?)/g;
const NAME = /^([A-Za-z_]\w*)(?::-(.*))?$/s;

/**
 * Fills in a value. As in a shell, the default counts where the variable is unset or empty; `$${` stands for `${`.
 * What was filled in is not read again, so a variable can bring neither YAML nor another reference.
 */
export function fillIn(text: string, environment: Environment): Filled {
  let fault: Wrong | undefined;
  let filled = false;
  const result = text.replace(REFERENCE, (whole, inside: string | undefined, end: string | undefined) => {
    if (inside === undefined) return '${';
    const [, name, fallback] = NAME.exec(inside) ?? [];
    if (name === undefined || end !== '}') {
      fault ??= {
        problem: `holds a \${…} that cannot be read`,
        expected: `\${NAME}, \${NAME:-default}, or $\${ for the characters themselves`,
      };
      return whole;
    }
    filled = true;
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    if (value === undefined) fault ??= unset(name, environment);
    return value ?? '';
  });
  return { text: result, filled, ...(fault === undefined ? {} : { wrong: fault }) };
}

function unset(name: string, environment: Environment): Wrong {
  const near = nearest(name, Object.keys(environment));
  return {
    problem: `needs the environment variable ${name}, which is not set`,
    expected: `it to be set, or a default: \${${name}:-default}`,
    ...(near === undefined ? {} : { suggestion: `\${${near}}` }),
  };
}
