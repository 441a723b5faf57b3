// Owns how images are told: in columns, on one line, and on the way of a long operation.
import { printable } from '../base/printable.ts';
import type { FirmwareList, ListedImage, Progress } from '../firmware/operations.ts';
import type { Context } from './context.ts';
import { megabytes } from './progress-bar.ts';
import { table } from './table.ts';
import { worded } from './worded.ts';
import type { Words } from './words.ts';

const SHOWN_DIGITS = 12;
const MAX_NAME = 60;
const MAX_FACTS = 120;
const MAX_WHAT = 200;
const MAX_DETAIL = 500;

/** What is in the store and what is on its way, and what the store has saved. */
export function firmwareTable(list: FirmwareList, { words, terminal: { paint } }: Context): string[] {
  const { images, fills, bytes, maxBytes, totals } = list;
  const { kinds, fetching, titles, empty } = words.firmware;
  const rows = [
    ...images.map((image) => [
      image.sha256.slice(0, SHOWN_DIGITS),
      image.kind === 'merged' ? paint.warning(worded(kinds, image.kind)) : worded(kinds, image.kind),
      printable(image.fileName, MAX_NAME),
      megabytes(image.length),
      saysOfItself(image, words),
      marksOf(image, words),
    ]),
    ...fills.map(({ fileName, have, length }) => [
      '',
      fetching,
      printable(fileName, MAX_NAME),
      `${megabytes(have)} / ${length === null ? '?' : megabytes(length)}`,
    ]),
  ];
  const saved = totals.hits + totals.joined;
  const total = words.firmware.totals(megabytes(bytes), megabytes(maxBytes), totals.fills, saved);
  return [...(rows.length === 0 ? [empty] : table(titles, rows, paint)), paint.faint(total)];
}

/** One line: short SHA-256, kind, name, size, and what the image says of itself. */
export function describeImage(image: ListedImage, words: Words): string {
  const { sha256, kind, fileName, length } = image;
  const parts = [
    sha256.slice(0, SHOWN_DIGITS),
    worded(words.firmware.kinds, kind),
    printable(fileName, MAX_NAME),
    `${megabytes(length)} MB`,
    saysOfItself(image, words),
    marksOf(image, words),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** Says what to do with an image that no device can take; nothing for any other. */
export function mergedHint({ kind, sha256 }: ListedImage, { firmware: words }: Words): string[] {
  return kind === 'merged' ? [words.mergedHint(sha256.slice(0, SHOWN_DIGITS))] : [];
}

/** A step of a long operation. Its details come from the gate, and stay English. */
export function tellProgress(progress: Progress, { words, terminal: { paint } }: Context): string[] {
  switch (progress.step) {
    case 'image':
      return [describeImage(progress.image, words), ...mergedHint(progress.image, words)];
    case 'well':
      return [words.firmware.well(printable(progress.what, MAX_WHAT), printable(progress.detail, MAX_DETAIL))];
    case 'failed':
      return [
        paint.bad(words.firmware.failed(printable(progress.what, MAX_WHAT), printable(progress.detail, MAX_DETAIL))),
      ];
    case 'bytes':
      return [];
  }
}

function saysOfItself({ kind, facts }: ListedImage, { firmware: words }: Words): string {
  if (kind !== 'app') return '';
  return printable(words.says(String(facts.project), String(facts.version), String(facts.chip)), MAX_FACTS);
}

function marksOf({ pinned, current, checked }: ListedImage, { firmware: words, list }: Words): string {
  const marks = [pinned ? words.pinned : '', current ? words.current : '', checked ? '' : words.unchecked];
  return list(marks.filter((mark) => mark !== ''));
}
