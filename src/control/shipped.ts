// Owns what comes with the program: its version, and the place of the dashboard's files.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// From the sources, the page is built by scripts/dashboard.mjs.
/** The folder of the dashboard's files. */
export const DASHBOARD = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../node_modules/.cache/otagate-dashboard' : '../dashboard',
    import.meta.url,
  ),
);
export const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as {
  version: string;
};
