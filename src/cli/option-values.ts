// Owns the options whose values are read: whole numbers, durations, moments, one of some words.
import { Argument, Option } from 'commander';
import { readMoment } from '../config/moment.ts';
import { readDuration } from '../config/units.ts';
import type { Words } from './words.ts';
import { WrongUse } from './wrong-use.ts';

const EXAMPLE_MOMENT = '2026-12-01T08:00:00+08:00';

/** Makes the options of a command. Each throws a WrongUse for a value that it cannot take. */
export class Options {
  readonly #words: Words['usage'];

  constructor(words: Words) {
    this.#words = words.usage;
  }

  count(flags: string, about: string, least: number, most: number): Option {
    return new Option(flags, about).argParser((text) => this.#count(longOf(flags), text, least, most));
  }

  countArgument(name: string, about: string, least: number, most: number): Argument {
    return new Argument(name, about).argParser((text) => this.#count(name, text, least, most));
  }

  #count(what: string, text: string, least: number, most: number): number {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new WrongUse(this.#words.notCount(what, JSON.stringify(text), least, most));
  }

  /** Milliseconds, a second at least. */
  duration(flags: string, about: string): Option {
    return new Option(flags, about).argParser((text) => {
      const reading = readDuration(text);
      if (reading.ok && reading.value >= 1000) return reading.value;
      throw new WrongUse(this.#words.notDuration(longOf(flags), JSON.stringify(text)));
    });
  }

  /** Milliseconds since the epoch. */
  moment(flags: string, about: string): Option {
    return new Option(flags, about).argParser((text) => {
      const reading = readMoment(text);
      if (reading.ok) return reading.value;
      throw new WrongUse(this.#words.notMoment(longOf(flags), JSON.stringify(text), EXAMPLE_MOMENT));
    });
  }

  choice(flags: string, about: string, choices: readonly string[]): Option {
    const option = new Option(flags, about).argParser((text) => this.#oneOf(longOf(flags), text, choices));
    option.argChoices = [...choices];
    return option;
  }

  chosenArgument(name: string, about: string, choices: readonly string[]): Argument {
    const argument = new Argument(name, about).argParser((text) => this.#oneOf(name, text, choices));
    argument.argChoices = [...choices];
    return argument;
  }

  #oneOf(what: string, text: string, choices: readonly string[]): string {
    if (choices.includes(text)) return text;
    throw new WrongUse(this.#words.notOneOf(what, JSON.stringify(text), choices.join(', ')));
  }
}

function longOf(flags: string): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}
