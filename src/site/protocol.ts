/** The migrator's protocol: docs/PROTOCOL.md. What comes from the site is checked here before anything else sees it. */
import { z } from 'zod';
import { bytesOfName, hasLoneBytes, nameOfBytes } from '../shared/file-names.ts';

/** The version that this client speaks. */
export const PROTOCOL = 2;

/** Begins a stream of base64, which a buffer of the site made necessary: pieces of it, each with a full stop after it. */
export const BASE64_MAGIC = 'wpclone-letters.';
/** Begins every stream; what a host puts before it (a byte order mark, a notice) is skipped. */
export const STREAM_MAGIC = Buffer.from('\x89WPCLONE1\r\n\n', 'latin1');
export const FRAME_MAGIC = Buffer.from('\xF7W', 'latin1');
/** Magic, type, flags, length of head and of body (big endian), SHA-256 of type, flags and head. */
export const FRAME_HEADER_BYTES = 2 + 1 + 1 + 4 + 4 + 32;
export const FLAG_DEFLATED = 1;
export const MAX_HEAD_BYTES = 4 << 20;
/** A block of rows holds at least one row, and a row below the migrator's threshold for pieces may be this large when escaped. */
export const MAX_BODY_BYTES = 128 << 20;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);
const count = z.number().int().nonnegative();

/** Size, mtime, ctime. */
const fileStateSchema = z.tuple([count, z.number(), z.number()]);
export type FileState = z.infer<typeof fileStateSchema>;

const bodyDigest = { h: sha256.optional() };

export const rowsHeadSchema = z.object({
  ...bodyDigest,
  t: count,
  n: count,
  c: z.array(base64).nullable(),
  last: z.literal(true).optional(),
  part: z.literal(true).optional(),
  k: sha256.optional(),
});
export type RowsHead = z.infer<typeof rowsHeadSchema>;

/** A range of rows: n rows, b bytes, c its last key, d its digest in form f; or, with `part`, only that it goes on. */
export const digestHeadSchema = z.object({
  t: count,
  n: count,
  b: count,
  c: z.array(base64).nullable().default(null),
  d: sha256.optional(),
  f: count.default(1),
  last: z.literal(true).optional(),
  cut: z.literal(true).optional(),
  part: z.literal(true).optional(),
});

/** A name is text, or, where its bytes are no UTF-8, `{"b": base64}`. */
const wireName = z.union([
  z.string(),
  z.object({ b: base64 }).transform(({ b }) => nameOfBytes(Buffer.from(b, 'base64'))),
]);

/** A name for a request. */
export const toWireName = (name: string): string | { readonly b: string } =>
  hasLoneBytes(name) ? { b: bytesOfName(name).toString('base64') } : name;

export const manifestHeadSchema = z.object({
  ...bodyDigest,
  root: z.string(),
  c: base64,
  /** Paths of what is never sent. */
  withheld: z.array(wireName).optional(),
  /** Numbers of the globs that left something out since the last frame; an older plugin does not tell. */
  fits: z.array(z.int().nonnegative()).optional(),
});

type WireName = z.input<typeof wireName>;

/** A file (f), a folder (d), a link (l) or something else (x); `extra`: where a link leads, or why nothing is sent. */
export type WireEntry = readonly [
  path: WireName,
  kind: 'f' | 'd' | 'l' | 'x',
  size: number,
  mtime: number,
  ctime: number,
  mode: number,
  extra?: WireName,
];

/** Looked at where they are: a site lists tens of thousands, each of which zod would take apart and make once more. */
export const manifestEntriesSchema = z.custom<readonly WireEntry[]>(
  (entries) => Array.isArray(entries) && entries.every(isEntry),
);

function isEntry(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false;
  const [path, kind, size, mtime, ctime, mode, extra]: unknown[] = entry;
  const isWhole = kind === 'f' || kind === 'd' ? entry.length === 6 : entry.length === 7 && isName(extra);
  return (
    isWhole &&
    (kind === 'f' || kind === 'd' || kind === 'l' || kind === 'x') &&
    isName(path) &&
    isCount(size) &&
    Number.isFinite(mtime) &&
    Number.isFinite(ctime) &&
    isCount(mode)
  );
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const isName = (value: unknown): boolean => typeof value === 'string' || wireName.safeParse(value).success;

export const nameOf = (name: WireName): string => (typeof name === 'string' ? name : wireName.parse(name));

const filePieceSchema = z.object({
  i: count,
  o: count,
  n: count,
  h: sha256,
  s: fileStateSchema,
  e: z.literal(true).optional(),
});
const fileFailureSchema = z.object({ i: count, f: z.enum(['gone', 'unreadable', 'changing', 'secret']) });
/** It is what the request says we hold. */
const fileHeldSchema = z.object({ i: count, k: fileStateSchema });
export type FilePiece = z.infer<typeof filePieceSchema>;
export type FileFailure = z.infer<typeof fileFailureSchema>;
export type FileHeld = z.infer<typeof fileHeldSchema>;
export const filesHeadSchema = z.object({
  pieces: z.array(z.union([filePieceSchema, fileFailureSchema, fileHeldSchema])),
});

export const endHeadSchema = z.object({ done: z.boolean() });

/** A refusal, as a frame in a stream or as a JSON answer. */
export const refusalSchema = z.object({
  error: z.string(),
  message: z.string(),
  /** late: the site's clock, seconds since the epoch. */
  time: z.number().optional(),
  /** Number of the table in the request. */
  t: count.optional(),
});
export type Refusal = z.infer<typeof refusalSchema>;
