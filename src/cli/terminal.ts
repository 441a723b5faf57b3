// Owns the terminal as commands see it: what goes to stdout, what to stderr, in which colours.
import type { Clock } from '../base/clock.ts';
import { hasColours, type Paint, paintFor } from './paint.ts';

export type Stream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** What a run of the command line gets from outside. */
export type Streams = { stdout: Stream; stderr: Stream; env: NodeJS.ProcessEnv; now: Clock };

// What JSON leaves as it is, and a terminal may obey or show in another order.
const OBEYED = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

export class Terminal {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly now: Clock;
  /** For stdout. */
  readonly paint: Paint;
  readonly errorPaint: Paint;
  readonly hasColours: boolean;
  readonly hasErrorColours: boolean;

  constructor({ stdout, stderr, now }: Streams) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.now = now;
    this.hasColours = hasColours(stdout);
    this.hasErrorColours = hasColours(stderr);
    this.paint = paintFor(this.hasColours);
    this.errorPaint = paintFor(this.hasErrorColours);
  }

  /** To stdout: what was asked for. */
  print(...lines: string[]): void {
    for (const line of lines) this.stdout.write(`${line}\n`);
  }

  /** To stdout, as the one document of `--json`. */
  printJson(document: unknown): void {
    const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    this.print(JSON.stringify(document).replace(OBEYED, escaped));
  }

  /** To stderr: what is said about it. */
  tell(...lines: string[]): void {
    for (const line of lines) this.stderr.write(`${line}\n`);
  }
}
