import { createCipheriv, createDecipheriv } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { WpcloneError } from '../shared/errors.ts';
import { codeOf } from '../shared/system.ts';

/** AES-256-GCM: nonce (12 bytes), tag (16 bytes), then the ciphertext (NIST SP 800-38D). */
const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type RandomBytes = (size: number) => Buffer;

/** Encrypts and decrypts single values. `location` says where a value is stored: one that was moved elsewhere does not decrypt. */
export interface SecretBox {
  seal(secret: string, location: string): Buffer;
  /** Throws STATE_FAILED when the key does not fit or the value was altered. */
  open(sealed: Buffer, location: string): string;
}

/** A box for one key. `keyFile` is only named in errors. */
export function secretBox(key: Buffer, keyFile: string, randomBytes: RandomBytes): SecretBox {
  return {
    seal(secret, location) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(location));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open(sealed, location) {
      try {
        const nonce = sealed.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(location));
        decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString();
      } catch (cause) {
        throw new WpcloneError('STATE_FAILED', `A stored secret cannot be decrypted with ${keyFile}.`, {
          details: { path: keyFile },
          cause,
        });
      }
    },
  };
}

/** Reads the key file (32 bytes, base64url). Throws STATE_FAILED when it is missing or no key. */
export function readKey(keyFile: string): Buffer {
  const key = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64url');
  if (key.length !== KEY_BYTES) {
    throw new WpcloneError('STATE_FAILED', `${keyFile} does not hold a key.`, { details: { path: keyFile } });
  }
  return key;
}

/** Makes the key file (mode 0600) unless there is one; several processes may do so at once and all end with the same key. */
export function ensureKeyFile(keyFile: string, randomBytes: RandomBytes): void {
  const draft = `${keyFile}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    // A link appears whole or not at all, and never replaces what is there.
    linkSync(draft, keyFile);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
