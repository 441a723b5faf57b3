// Owns writing the JSON Schema of the configuration file, which editors read through the first line of each example.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchema } from '../src/config/schema.ts';

const target = fileURLToPath(new URL('../config/otagate.schema.json', import.meta.url));
writeFileSync(target, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
process.stdout.write(`${target}\n`);
