// Owns WrongUse: a command line that cannot be carried out as it was written. It ends with exit code 2.

/** The message says what is wrong and what would be right; whoever prints it adds the way to the help. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}
