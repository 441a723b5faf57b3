// Owns the two tokens of the admin interface, in files of stateDir: one may do everything, one may only look.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, GateError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';

export type Role = 'admin' | 'read';

const BYTES = 32;
// One that an operator put there by hand may look otherwise, but not be short enough to guess.
const SHORTEST = 32;
const LONGEST = 200;

export class Tokens {
  readonly adminFile: string;
  readonly readFile: string;
  #admin: Buffer;
  #read: Buffer;
  #generation = 0;

  /**
   * Reads `admin.token` and `admin-read.token`, and makes what is missing: 256 random bits each, mode 600.
   * @throws {GateError} STATE_DAMAGED for a file that holds no token; an Error with the system's code where it cannot be read
   */
  constructor(stateDir: string) {
    this.adminFile = join(stateDir, 'admin.token');
    this.readFile = join(stateDir, 'admin-read.token');
    this.#admin = digest(readOrMake(this.adminFile));
    this.#read = digest(readOrMake(this.readFile));
  }

  /** Grows by one with each rotation: what was let in under an earlier one is let in no more. */
  get generation(): number {
    return this.#generation;
  }

  /** The role that a token gives, or null for a wrong one; takes the same time for both. */
  roleOf(token: string): Role | null {
    if (token.length > LONGEST) return null;
    const given = digest(token);
    const isAdmin = timingSafeEqual(given, this.#admin);
    const isRead = timingSafeEqual(given, this.#read);
    if (isAdmin) return 'admin';
    return isRead ? 'read' : null;
  }

  /** Makes both anew; the old ones are worth nothing from now on. @throws {Error} with the system's code; the old one then stays */
  rotate(): void {
    this.#admin = digest(make(this.adminFile));
    this.#generation += 1;
    this.#read = digest(make(this.readFile));
  }
}

function readOrMake(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return make(file);
    throw error;
  }
  if (text.length < SHORTEST || text.length > LONGEST || !/^[\x21-\x7e]+$/.test(text)) {
    throw new GateError(
      'STATE_DAMAGED',
      `${file} holds no token (${SHORTEST} to ${LONGEST} visible ASCII characters): remove it, and a new one is made at the next start`,
      { fault: 'gate' },
    );
  }
  chmodSync(file, 0o600);
  return text;
}

function make(file: string): string {
  const token = randomBytes(BYTES).toString('base64url');
  writeFileAtomic(file, `${token}\n`, 0o600);
  return token;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
