import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * Who may do what with an agent over HTTP. Words:
 * - **token**: `wpc_ID_SECRET`, shown once when it is made. Only its hash is kept: whoever reads the database cannot call.
 * - **scope**: what a token may do. `clone` and `restore` hold `read`: who has work done sees what becomes of it. `admin` holds all others.
 * - **customer**: whose jobs and clones a token sees; a token without one sees all.
 */
export const SCOPES = ['read', 'clone', 'restore', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a call is allowed by the token it came with. */
export interface Caller {
  /** The token's id; names whose requests the idempotency keys are. */
  readonly token: string;
  readonly scopes: readonly Scope[];
  readonly customer: string | null;
}

/** What each scope allows. */
const ALLOWED: Readonly<Record<Scope, readonly Scope[]>> = {
  read: ['read'],
  clone: ['clone', 'read'],
  restore: ['restore', 'read'],
  admin: SCOPES,
};

export const may = ({ scopes }: Caller, scope: Scope): boolean => scopes.some((held) => ALLOWED[held].includes(scope));

/** The owner of the agent's home, who may do everything there anyway. */
export const OWNER: Caller = { token: 'owner', scopes: SCOPES, customer: null };

/** A token taken apart. */
export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

const ID_BYTES = 6;
const SECRET_BYTES = 32;
/** The last eight characters, a CRC-32, tell a typing slip, and a scanner for leaked secrets, that this is one of ours. */
const SHAPE = /^wpc_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/;

/** A new token; `text` is for the person, the rest for the store. */
export function newToken(randomBytes: (size: number) => Buffer): TokenParts & { readonly text: string } {
  const id = randomBytes(ID_BYTES).toString('base64url').replaceAll(/[-_]/g, 'x');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { id, secret, text: `wpc_${id}_${secret}${checksum(id, secret)}` };
}

/** Undefined for what is no token, also when a character of it is wrong. */
export function parseToken(text: string): TokenParts | undefined {
  const [, id = '', secret = '', sum] = SHAPE.exec(text) ?? [];
  return sum !== undefined && sum === checksum(id, secret) ? { id, secret } : undefined;
}

/** What is kept of a token. A plain hash is enough: its secret is random, there is nothing to guess. */
export const tokenHash = ({ id, secret }: TokenParts): Buffer =>
  createHash('sha256').update(`${id}:${secret}`).digest();

/** Compares in a time that says nothing of where the two differ. */
export const isToken = (parts: TokenParts, hash: Buffer): boolean =>
  hash.length === 32 && timingSafeEqual(tokenHash(parts), hash);

const checksum = (id: string, secret: string): string => crc32(`${id}_${secret}`).toString(16).padStart(8, '0');
