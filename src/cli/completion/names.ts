// Owns the names that only the configuration or the gate knows: for the scripts, while somebody types.
import { readDraft } from '../../config/draft.ts';
import { readFileText } from '../../config/file-text.ts';
import { readSource } from '../../config/source.ts';
import { findStateDir } from '../../config/state-dir.ts';
import { findAdminSocket } from '../../control/admin/socket-place.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { NameKind } from './tree.ts';

// Whoever waits for it has just pressed a key.
const PATIENCE_MS = 150;
const SHOWN_DIGITS = 12;
const OPENABLE = ['ota-check', 'firmware'];
// A shell would take anything else apart, or carry it out.
const PLAIN = /^\w[\w.-]*$/;

/** Prints names of this kind, one a line. Says nothing where there are none, or they cannot be had. */
export async function printNames({ configFile, terminal }: Context, kind: string): Promise<number> {
  const names = await namesOf(kind, configFile).catch(() => []);
  terminal.print(...new Set(names.filter((name) => PLAIN.test(name))));
  return EXIT.well;
}

async function namesOf(kind: string, configFile: string): Promise<string[]> {
  switch (kind satisfies string as NameKind) {
    case 'routes':
      return openableRoutes(configFile);
    case 'openings': {
      const openings = (await ask(configFile, '/api/v1/openings')) as { id: string; route: string }[];
      return [...openings.map(({ route }) => route), ...openings.map(({ id }) => id)];
    }
    case 'images': {
      const { images } = (await ask(configFile, '/api/v1/firmware')) as { images: { sha256: string }[] };
      return images.map(({ sha256 }) => sha256.slice(0, SHOWN_DIGITS));
    }
    default:
      return [];
  }
}

/** Read as far as the file can be: checking all of it would take several times as long. */
function openableRoutes(configFile: string): string[] {
  const text = readFileText(configFile);
  if (!text.ok) return [];
  const { kept, own } = readDraft(readSource(text.value, process.env).raw, () => false);
  return [...kept, ...own].flatMap(({ name, role }) => (name !== undefined && OPENABLE.includes(role) ? [name] : []));
}

async function ask(configFile: string, path: string): Promise<unknown> {
  const { exchange } = await import('../admin-client.ts');
  const stateDir = findStateDir(configFile);
  if (stateDir === null) return [];
  const response = await exchange(findAdminSocket(stateDir), { method: 'GET', path }, PATIENCE_MS);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text);
}
