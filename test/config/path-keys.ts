// Owns the question which keys of a configuration take the path of a file: asked of the schema and of the check itself, so
// that a key which is added later is found without being named here.
import { jsonSchema } from '../../src/config/schema.ts';
import { faultsOf } from './checked.ts';

type Schema = Record<string, unknown>;
/** A key, and a configuration in which it alone has this value. */
type Key = { holding: (value: string) => unknown };

/** As findings write them: `routes[0].files`. */
export function keysWithPath(): string[] {
  const found = [...keysOf(jsonSchema(), (value) => value)].flatMap(({ holding }) =>
    faultsOf(JSON.stringify(holding('~/x'))).filter(({ problem }) => problem.startsWith('begins with ~')),
  );
  return [...new Set(found.map(({ path }) => path))].sort();
}

function* keysOf(schema: Schema, around: (value: unknown) => unknown): Generator<Key> {
  const branches = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => (schema[word] ?? []) as Schema[]);
  for (const branch of branches) yield* keysOf(branch, around);
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  // What tells one kind of object from another.
  const fixed = Object.fromEntries(
    properties.flatMap(([key, { const: only }]) => (only === undefined ? [] : [[key, only]])),
  );
  for (const [key, child] of properties) yield* keysOf(child, (value) => around({ ...fixed, [key]: value }));
  if (typeof schema.items === 'object') yield* keysOf(schema.items as Schema, (value) => around([value]));
  const members = schema.additionalProperties;
  if (typeof members === 'object') yield* keysOf(members as Schema, (value) => around({ some: value }));
  if (branches.length === 0 && properties.length === 0) yield { holding: around };
}
