// Owns Context: what every command is given beside its own options.
import type { Terminal } from './terminal.ts';
import type { Words } from './words.ts';

/** How long a command waits for control, in milliseconds. */
export type Patience = {
  /** Then it says that it waits. */
  wordMs: number;
  answerMs: number;
  /** For the answer to what takes its time, once control has answered at all. */
  longMs: number;
};

export type Context = {
  terminal: Terminal;
  words: Words;
  configFile: string;
  /** One JSON document on stdout, and nothing else there. */
  json: boolean;
  /** Other times than those for people. */
  patience?: Patience;
};
