// Owns writing src/tls/esp-roots.ts: what ESP-IDF's certificate bundle carried, from Mozilla's lists at three dates.
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BundleList, type BundleRoot, bundleRoot, writeLine } from '../src/tls/esp-bundle.ts';

// ESP-IDF's cacrt_all.pem is Mozilla's list as curl extracts it. Its documentation tells the date of each: 5.1 of
// 2023-01-10, 5.4 of 2024-09-24, 5.5 of 2025-02-25, 6.0 of 2025-12-02, 6.1 of 2026-02-11. certifi is the same list in
// dated releases: one from before the oldest ESP-IDF that devices here are built with (5.3, of 2024), one of about 5.4,
// one from after 6.1. A root that is on two neighbouring lists was on all between them.
const LISTS: BundleList[] = [
  { date: '2023-05-07', source: 'certifi 2023.5.7, cacert.pem' },
  { date: '2024-08-30', source: 'certifi 2024.8.30, cacert.pem' },
  { date: '2026-07-22', source: 'certifi 2026.7.22, cacert.pem' },
];

// ESP-IDF's cacrt_local.pem keeps this one, although Mozilla took it off.
const KEPT = 'Starfield Class 2 Certification Authority';

const files = process.argv.slice(2);
if (files.length !== LISTS.length) {
  const wanted = LISTS.map(({ date, source }) => `${date}.pem (${source})`).join(' ');
  process.stderr.write(`usage: node scripts/esp-bundle.ts ${wanted}\n`);
  process.exit(2);
}

const roots = new Map<string, BundleRoot>();
const hashes = files.map((file, index) => {
  const text = readFileSync(file, 'utf8');
  for (const pem of text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []) {
    const fresh = bundleRoot(
      new X509Certificate(pem),
      LISTS.map(() => false),
    );
    const id = `${fresh.spkiSha256} ${fresh.subject}`;
    const root = roots.get(id) ?? fresh;
    root.on[index] = true;
    if (root.subject.includes(KEPT)) root.on.fill(true, index);
    roots.set(id, root);
  }
  return createHash('sha256').update(text).digest('hex');
});

const target = fileURLToPath(new URL('../src/tls/esp-roots.ts', import.meta.url));
const lines = [...roots.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1)).map(writeLine);
const lists = LISTS.map((list, index) => {
  const sha256 = hashes[index] ?? '';
  return `  // SHA-256 of the file: ${sha256}\n  ${JSON.stringify(list)
    .replaceAll(/"(\w+)":/g, ' $1: ')
    .replaceAll('"', "'")
    .replace('}', ' }')},`;
});
writeFileSync(
  target,
  `// Owns the roots of ESP-IDF's certificate bundle, as data. Written by scripts/esp-bundle.ts, which tells the sources.

export const BUNDLE_LISTS = [
${lists.join('\n')}
];

/** One root a line: an x for each list that it is on, key, key identifier, SHA-256 of the public key, name. */
export const BUNDLE_ROOTS = String.raw\`
${lines.join('\n')}
\`;
`,
);
process.stdout.write(`${target}: ${lines.length} roots\n`);
