// Carries out `otagate firmware …`: the store of images that devices get.
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { errorText } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import type { FirmwareList, ListedImage, Progress } from '../firmware/operations.ts';
import { askGate, downloadFromGate, followGate, sendToGate } from './admin-client.ts';
import { EXIT } from './exit-codes.ts';
import { megabytes, ProgressBar } from './progress-bar.ts';

type Options = { config: string; json: boolean };

export async function listFirmware({ config, json }: Options): Promise<number> {
  return answered(config, 'GET', '', undefined, json, (body) => {
    const { images, fills, bytes, maxBytes, totals } = body as FirmwareList;
    const lines = images.map((image) => describe(image));
    for (const { fileName, have, length } of fills)
      lines.push(
        `${'fetching'.padEnd(12)}  ${printable(fileName, 60)}  ${megabytes(have)} of ${length === null ? '?' : megabytes(length)} MB`,
      );
    if (lines.length === 0) lines.push('the store is empty: the first offer fills it, or `otagate firmware add FILE`');
    const saved = totals.hits + totals.joined;
    lines.push(
      `${megabytes(bytes)} of ${megabytes(maxBytes)} MB; since the start: ${totals.fills} fetched, ${saved} served without fetching`,
    );
    return lines.join('\n');
  });
}

export async function addFirmware(file: string, { config, json }: Options): Promise<number> {
  let length: number;
  try {
    length = statSync(file).size;
  } catch (error) {
    console.error(`${file} cannot be read: ${errorText(error)}`);
    return EXIT.no;
  }
  const bar = new ProgressBar(basename(file));
  let sent = 0;
  const stream = createReadStream(file).on('data', (chunk) => {
    sent += chunk.length;
    bar.show(sent, length);
  });
  const reply = await sendToGate(config, `/api/v1/firmware?fileName=${encodeURIComponent(basename(file))}`, stream);
  bar.clear();
  if (reply.kind === 'failed') return refused(reply);
  const image = reply.body as ListedImage;
  console.log(json ? JSON.stringify(image) : `added: ${describe(image)}${mergedHint(image)}`);
  return EXIT.well;
}

/** `fetch URL`, `warm` and `verify`: what tells how it goes. */
export async function followFirmware(
  operation: 'fetch' | 'warm' | 'verify',
  content: Record<string, string | null>,
  { config, json }: Options,
): Promise<number> {
  const bar = new ProgressBar(operation);
  const all: Progress[] = [];
  const reply = await followGate(config, `/api/v1/firmware/${operation}`, content, (line) => {
    const progress = line as Progress;
    if (progress.step === 'bytes') return bar.show(progress.have, progress.length);
    bar.clear();
    all.push(progress);
    if (!json) console.log(tell(progress));
  });
  bar.clear();
  if (reply.kind === 'failed') return refused(reply);
  if (json) console.log(JSON.stringify(all));
  else if (all.length === 0) console.log('there is nothing to do: the store knows no such link or image yet');
  return all.some(({ step }) => step === 'failed') ? EXIT.no : EXIT.well;
}

export async function purgeFirmware(id: string, { config, json }: Options): Promise<number> {
  return answered(
    config,
    'DELETE',
    `/${encodeURIComponent(id)}`,
    undefined,
    json,
    (body) => `purged: ${describe(body as ListedImage)}`,
  );
}

export async function pinFirmware(id: string, pinned: boolean, { config, json }: Options): Promise<number> {
  return answered(config, 'POST', `/${encodeURIComponent(id)}/pin`, { pinned }, json, (body) =>
    describe(body as ListedImage),
  );
}

/** Cuts the app out of a merged image; with `output`, it is written there too. */
export async function extractFirmware(
  id: string,
  output: string | undefined,
  { config, json }: Options,
): Promise<number> {
  const reply = await askGate(config, 'POST', `/api/v1/firmware/${encodeURIComponent(id)}/extract`, {});
  if (reply.kind === 'failed') return refused(reply);
  const image = reply.body as ListedImage;
  if (output !== undefined) {
    const written = await downloadFromGate(
      config,
      `/api/v1/firmware/${image.sha256}/content`,
      createWriteStream(output),
    );
    if (written.kind === 'failed') return refused(written);
  }
  console.log(
    json
      ? JSON.stringify(image)
      : `extracted: ${describe(image)}${output === undefined ? '' : `\nwritten to ${output}`}`,
  );
  return EXIT.well;
}

async function answered(
  config: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  content: unknown,
  json: boolean,
  print: (body: unknown) => string,
): Promise<number> {
  const reply = await askGate(config, method, `/api/v1/firmware${path}`, content);
  if (reply.kind === 'failed') return refused(reply);
  console.log(json ? JSON.stringify(reply.body) : print(reply.body));
  return EXIT.well;
}

function refused({ message, exitCode }: { message: string; exitCode: number }): number {
  console.error(message);
  return exitCode;
}

function tell(progress: Progress): string {
  switch (progress.step) {
    case 'image':
      return describe(progress.image) + mergedHint(progress.image);
    case 'well':
      return `ok      ${printable(progress.what, 200)}: ${progress.detail}`;
    case 'failed':
      return `failed  ${printable(progress.what, 200)}: ${printable(progress.detail, 500)}`;
    case 'bytes':
      return `${progress.have} bytes`;
  }
}

/** One line: short SHA-256, kind, name, and what the image says of itself. */
function describe({ sha256, kind, fileName, length, facts, pinned, current, checked }: ListedImage): string {
  const said = kind === 'app' ? `  ${String(facts.project)} ${String(facts.version)} for ${String(facts.chip)}` : '';
  const marks = [pinned ? 'pinned' : '', current ? 'current' : '', checked ? '' : 'not looked at yet'].filter(
    (mark) => mark !== '',
  );
  const tail = marks.length === 0 ? '' : `  (${marks.join(', ')})`;
  return `${sha256.slice(0, 12)}  ${kind.padEnd(6)}  ${printable(fileName, 60)}  ${megabytes(length)} MB${printable(said, 120)}${tail}`;
}

function mergedHint({ kind, sha256 }: ListedImage): string {
  return kind === 'merged'
    ? `\nno device can take a merged image over the air: \`otagate firmware extract ${sha256.slice(0, 12)}\` cuts the app out`
    : '';
}
