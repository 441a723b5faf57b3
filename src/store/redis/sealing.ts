// Owns the sealing of what goes to Redis: who can read or write there learns nothing, and can put nothing in our mouth.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM. What is sealed for one purpose does not open for another: a record cannot be moved to another name. */
export class Sealing {
  readonly #keys: Buffer[];

  /** Keys of 32 bytes in Base64, separated by commas: the first one seals, all of them open. */
  constructor(encryptionKey: string) {
    this.#keys = encryptionKey.split(',').map((key) => Buffer.from(key, 'base64'));
  }

  seal(plain: Uint8Array, purpose: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0] ?? Buffer.alloc(0), nonce);
    cipher.setAAD(Buffer.from(purpose));
    return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Null where no key of ours opens it: another key sealed it, or somebody changed it. */
  open(sealed: Buffer, purpose: string): Buffer | null {
    if (sealed[0] !== FORMAT || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) return null;
    for (const key of this.#keys) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + NONCE_BYTES));
        decipher.setAAD(Buffer.from(purpose));
        decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch {
        // an older key may
      }
    }
    return null;
  }
}
