// Carries out `otagate firmware …`: the store of images that devices get.
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { errorText } from '../base/errors.ts';
import type { FirmwareList, ListedImage, Progress } from '../firmware/operations.ts';
import { askGateAtLength, downloadFromGate, followGate, sendToGate } from './admin-client.ts';
import { bodyOf, printAnswer, tellFailure } from './answer.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { describeImage, firmwareTable, mergedHint, tellProgress } from './firmware-text.ts';
import { ProgressBar } from './progress-bar.ts';

const PATH = '/api/v1/firmware';

export function listFirmware(context: Context): Promise<number> {
  return printAnswer<FirmwareList>(context, { method: 'GET', path: PATH }, (list) => firmwareTable(list, context));
}

export async function addFirmware(context: Context, file: string): Promise<number> {
  const { terminal, words, json } = context;
  let handle: FileHandle;
  let length: number;
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error(words.firmware.noFile);
    length = found.size;
    handle = await open(file);
  } catch (error) {
    terminal.tell(words.firmware.unreadable(file, errorText(error)));
    return EXIT.no;
  }
  const bar = new ProgressBar(basename(file), terminal.stderr);
  const stream = handle.createReadStream();
  const counted = async function* (): AsyncGenerator<Buffer> {
    let sent = 0;
    for await (const chunk of stream) {
      sent += chunk.length;
      bar.show(sent, length);
      yield chunk;
    }
  };
  const bytes = Readable.from(counted(), { objectMode: false });
  const reply = await sendToGate(context, `${PATH}?fileName=${encodeURIComponent(basename(file))}`, bytes);
  stream.destroy();
  bar.clear();
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const image = bodyOf<ListedImage>(reply);
  if (json) terminal.printJson(image);
  else terminal.print(words.firmware.added(describeImage(image, words)), ...mergedHint(image, words));
  return EXIT.well;
}

/** `fetch URL`, `warm` and `verify`: what tells how it goes. */
export async function followFirmware(
  context: Context,
  operation: 'fetch' | 'warm' | 'verify',
  content: Record<string, string | null>,
): Promise<number> {
  const { terminal, words, json } = context;
  const bar = new ProgressBar(operation, terminal.stderr);
  const all: Progress[] = [];
  const reply = await followGate(context, `${PATH}/${operation}`, content, (line) => {
    const progress = line as Progress;
    if (progress.step === 'bytes') return bar.show(progress.have, progress.length);
    bar.clear();
    all.push(progress);
    if (!json) terminal.print(...tellProgress(progress, context));
  });
  bar.clear();
  if (reply.kind === 'failed') return tellFailure(context, reply);
  if (json) terminal.printJson(all);
  else if (all.length === 0) terminal.print(words.firmware.nothing);
  return all.some(({ step }) => step === 'failed') ? EXIT.no : EXIT.well;
}

export function purgeFirmware(context: Context, id: string): Promise<number> {
  const { words } = context;
  return printAnswer<ListedImage>(context, { method: 'DELETE', path: `${PATH}/${encodeURIComponent(id)}` }, (image) => [
    words.firmware.purged(describeImage(image, words)),
  ]);
}

export function pinFirmware(context: Context, id: string, pinned: boolean): Promise<number> {
  const asked = { method: 'POST', path: `${PATH}/${encodeURIComponent(id)}/pin`, content: { pinned } } as const;
  return printAnswer<ListedImage>(context, asked, (image) => [describeImage(image, context.words)]);
}

/** Cuts the app out of a merged image; with `output`, it is written there too. */
export async function extractFirmware(context: Context, id: string, output: string | null): Promise<number> {
  const { terminal, words, json } = context;
  const reply = await askGateAtLength(context, 'POST', `${PATH}/${encodeURIComponent(id)}/extract`, {});
  if (reply.kind === 'failed') return tellFailure(context, reply);
  const image = bodyOf<ListedImage>(reply);
  if (output !== null) {
    const exitCode = await download(context, image.sha256, output);
    if (exitCode !== EXIT.well) return exitCode;
  }
  if (json) terminal.printJson(image);
  else {
    terminal.print(words.firmware.extracted(describeImage(image, words)));
    if (output !== null) terminal.print(words.firmware.written(output));
  }
  return EXIT.well;
}

async function download(context: Context, sha256: string, file: string): Promise<number> {
  const { terminal, words } = context;
  let handle: FileHandle;
  try {
    handle = await open(file, 'w');
  } catch (error) {
    terminal.tell(words.firmware.unwritable(file, errorText(error)));
    return EXIT.no;
  }
  const written = await downloadFromGate(context, `${PATH}/${sha256}/content`, handle.createWriteStream());
  if (written.kind === 'answer') return EXIT.well;
  // Half an image must not be taken for a whole one.
  await rm(file, { force: true });
  return tellFailure(context, written);
}
