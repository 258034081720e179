import { createHash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 2^8 rounds, near phpass's least: the password is random, so that there is nothing to guess slowly. */
const ROUNDS_LOG2 = 8;

/**
 * A password as phpass's portable hash (`$P$`): every WordPress since 2.5 verifies it, also those since 6.8 that write bcrypt,
 * and replaces it by its own kind at the first log-in.
 */
export function hashPassword(password: string, randomBytes: (size: number) => Buffer): string {
  const salt = encode(randomBytes(6));
  const bytes = Buffer.from(password, 'utf8');
  let hash = md5(Buffer.concat([Buffer.from(salt), bytes]));
  for (let round = 0; round < 2 ** ROUNDS_LOG2; round += 1) hash = md5(Buffer.concat([hash, bytes]));
  return `$P$${ALPHABET[ROUNDS_LOG2]}${salt}${encode(hash)}`;
}

const md5 = (data: Buffer): Buffer => createHash('md5').update(data).digest();

/** phpass's own base 64: little-endian, six bits at a time. */
function encode(bytes: Buffer): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const group = bytes.subarray(index, index + 3);
    const value = group.readUIntLE(0, group.length);
    for (let digit = 0; digit <= group.length; digit += 1) text += ALPHABET[(value >> (6 * digit)) & 63];
  }
  return text;
}
