// Owns Context: what every command is given beside its own options.
import type { Terminal } from './terminal.ts';
import type { Words } from './words.ts';

export type Context = {
  terminal: Terminal;
  words: Words;
  configFile: string;
  /** One JSON document on stdout, and nothing else there. */
  json: boolean;
};
