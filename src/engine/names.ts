import { createHash } from 'node:crypto';
import { withoutWww } from '../shared/site-address.ts';
import { parseAddress } from '../site/connect/address.ts';

/** Letters and digits that cannot be mistaken for one another when read aloud or typed. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A short random word, for names; not a secret. */
export function randomWord(length: number, randomBytes: (size: number) => Buffer): string {
  return [...randomBytes(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** The longest that a clone's name may be. */
const LONGEST = 40;

/**
 * `www.my-site.example/blog`, as typed → `my-site-k3f`: a DNS label (RFC 1123 section 2.1) of at most 40 characters, of which the last
 * `letters` are chance. Throws BAD_URL.
 */
export function cloneName(sourceUrl: string, randomBytes: (size: number) => Buffer, letters = 3): string {
  const hostname = parseAddress(sourceUrl)[0]?.hostname ?? '';
  const labels = withoutWww(hostname).split('.');
  const isAddress = labels.every((label) => /^\d*$/.test(label)) || hostname.startsWith('[');
  const host = isAddress ? 'site' : (labels[0] ?? '');
  const slug = host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST - 1 - letters)
    .replace(/^[-0-9]+|-+$/g, '');
  return `${slug === '' ? 'site' : slug}-${randomWord(letters, randomBytes)}`;
}

/**
 * What a clone is called until it takes over the name of the one that it replaces: the same in each attempt of a job, which goes on with
 * what it has; `turn` counts those that turned out to be taken.
 */
export function spareName(name: string, jobId: string, turn: number): string {
  const letters = 6;
  const digest = createHash('sha256').update(`${jobId} ${turn}`).digest();
  const word = randomWord(letters, (size) => digest.subarray(0, size));
  return `${name.slice(0, LONGEST - 1 - letters).replace(/-+$/, '')}-${word}`;
}
