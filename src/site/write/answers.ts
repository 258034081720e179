/** What the write half of the migrator answers, checked before anything else sees it: docs/PROTOCOL.md. */
import { z } from 'zod';
import { WpcloneError } from '../../shared/errors.ts';
import { printable } from '../../shared/format.ts';

const text = z
  .string()
  .regex(/^[A-Za-z0-9+/]*={0,2}$/)
  .transform((base64) => Buffer.from(base64, 'base64').toString('utf8'));

/**
 * `more`: more or fewer rows than there were; `needed`: something that came since belongs to it; `holds`: a table or column that was added
 * stays, because something was written into it since, somebody has updated the code by hand that uses it, or a large table could only be
 * written anew while nobody else can write to it.
 */
export const driftReasonSchema = z.enum(['changed', 'gone', 'taken', 'more', 'needed', 'holds']);

/** An item that is not (any more) as it is thought to be. Its title is the site's word. */
const driftSchema = z.object({
  item: text,
  title: text,
  table: z.string(),
  why: driftReasonSchema,
});
export type Drift = z.infer<typeof driftSchema>;

export const restoreStateSchema = z.enum(['new', 'begun', 'sealed', 'applied', 'partly', 'undone', 'accepted', 'gone']);
export type RestoreState = z.infer<typeof restoreStateSchema>;

/** PHP's empty array stands for an empty object too. */
const rowsSchema = z
  .union([z.record(z.string(), z.number()), z.array(z.never())])
  .transform((rows): Readonly<Record<string, number>> => (Array.isArray(rows) ? {} : rows));

/** What became of a restore. Times are seconds since the epoch. */
export const receiptSchema = z.object({
  state: restoreStateSchema,
  /** Files that were not put back when a write was cut off: somebody had cleared away what they held before. */
  lost: z.array(text).optional(),
  applied: z
    .object({
      at: z.number(),
      /** By table. */
      rows: rowsSchema,
      /** Absent in receipts of a plugin that wrote only rows. */
      files: z.number().optional(),
      /** From the first row that was locked to the end of the commit; absent when that could not be noted. */
      heldMilliseconds: z.number().optional(),
      /** While visitors were kept waiting because code was replaced. */
      gateMilliseconds: z.number().optional(),
    })
    .optional(),
  undone: z
    .object({
      at: z.number(),
      items: z.number(),
      kept: z.number(),
      /** Items that are neither undone now nor were before. */
      left: z.number(),
      heldMilliseconds: z.number().optional(),
      gateMilliseconds: z.number().optional(),
    })
    .optional(),
  /** Requests that had begun before code was replaced and ended after that, as far as they were counted by then. */
  overtaken: z.object({ requests: z.number(), failed: z.number() }).optional(),
});
export type Receipt = z.infer<typeof receiptSchema>;

export const undoneSchema = receiptSchema.extend({ kept: z.array(driftSchema) });
export type Undone = z.infer<typeof undoneSchema>;

export const statusSchema = receiptSchema.extend({
  made: z.number(),
  include: z.string(),
  parts: z.array(z.number()),
  /** That its tables take. */
  bytes: z.number(),
  items: z.array(z.object({ item: text, title: text, undone: z.boolean() })).optional(),
});
export type RestoreStatus = z.infer<typeof statusSchema>;

export const hostSchema = z.object({
  version: z.string(),
  autoincMode: z.number(),
  binlogFormat: z.string(),
  packetBytes: z.number(),
  renames: z.boolean(),
  /** `keeps`: what is in it stays there, whatever we do. */
  objectCache: z.enum(['none', 'flushes', 'keeps']),
  seconds: z.number(),
  /** Tables to be written that have triggers. */
  triggers: z.array(z.string()),
  /** Where the same stage was begun before and goes on: what is there of it. */
  staged: z
    .object({
      /** Number and digest of parts. */
      parts: z.array(z.tuple([z.number(), z.string()])),
      /** First and last number of files that are there, or need none. */
      whole: z.array(z.tuple([z.number(), z.number()])),
      /** Number of files that are there in part, and their bytes. */
      begun: z.array(z.tuple([z.number(), z.number()])),
    })
    .optional(),
});
export type HostFacts = z.infer<typeof hostSchema>;

/** Of an attempt to ask while `.maintenance` is there. */
export const gateSchema = z.object({
  /** Of the request that holds it: false where no code that visitors run is replaced, or the file is there anyway. */
  needed: z.boolean().optional(),
  /** Whether the file is there. */
  there: z.boolean().optional(),
});
export type GateAnswer = z.infer<typeof gateSchema>;

/** Errors that PHP logged since a restore was applied, in files of the site, by their place. */
export const errorsSchema = z.object({
  /** Whether PHP has a log that it can read. */
  log: z.boolean(),
  errors: z.array(
    z.object({
      fatal: z.boolean(),
      /** Whether code that was brought or switched, or whose settings or tables were written, is among what led to it. */
      restored: z.boolean(),
      file: text,
      line: z.number(),
      times: z.number(),
    }),
  ),
});
export type LoggedErrors = z.infer<typeof errorsSchema>;

const refusalSchema = z.object({
  error: z.string(),
  message: z.string(),
  drift: z.array(driftSchema).optional(),
  class: z.string().optional(),
  table: z.string().optional(),
  column: z.string().optional(),
  number: z.number().optional(),
  state: z.string().optional(),
  path: text.optional(),
  /** The disk of the database is full. */
  full: z.boolean().optional(),
});

/**
 * What MariaDB says of a MyISAM table that a crash of the server damaged. A quick check lets some of them pass when the table is opened; who
 * then meets the damage gets this error and has the table repaired at its next opening.
 */
const DAMAGED = new Set([126, 127, 132, 134, 144, 145, 1034, 1194, 1195]);

/** What a refusal of the write half means; `head` is its frame's. */
export function classifyWriteRefusal(head: unknown, host: string): WpcloneError {
  const parsed = refusalSchema.safeParse(head);
  if (!parsed.success) return new WpcloneError('SOURCE_FAILED', `What ${host} says is not understood.`);
  const { error, message, drift = [], table, column, path } = parsed.data;
  const place = path ?? (column ? `${table}.${column}` : table);
  const where = place === undefined ? '' : ` (${printable(place).slice(0, 150)})`;
  const words = `${printable(message).slice(0, 300)}${where}`;
  const details = { host };
  switch (error) {
    case 'drift':
      return new WpcloneError('DRIFT', driftWords(host, drift), { details: { ...details, items: drift.length } });
    case 'row_moved':
    case 'file_moved':
      return new WpcloneError('DRIFT', `${host} changed while it was being written to: ${words}`, { details });
    case 'protected':
      return new WpcloneError('PROTECTED', words, { details: { ...details, class: parsed.data.class ?? '' } });
    case 'does_not_fit':
    case 'column_type':
    case 'table_refused':
      return new WpcloneError('DOES_NOT_FIT', words, { details });
    case 'no_create':
    case 'no_drop':
    case 'no_innodb':
    case 'network':
    case 'no_uploads':
    case 'no_space':
      return new WpcloneError('RESTORE_IMPOSSIBLE', words, { details });
    case 'unsafe_file':
    case 'not_writable':
    case 'other_disk':
    case 'code_closed':
    case 'plugin_missing':
      return new WpcloneError('FILES_STAY', words, { details: { ...details, example: choiceOf(path ?? '') } });
    case 'restore_under_way':
      return new WpcloneError('RESTORE_UNDER_WAY', words, { details });
    case 'locked':
    case 'updating':
    case 'database_gone':
    case 'failed':
      return new WpcloneError('SOURCE_FAILED', words, { details, retryable: true });
    case 'table_changed':
    case 'part_differs':
    case 'file_differs':
    case 'files_gone':
    case 'not_whole':
    case 'wrong_state':
      return new WpcloneError('SOURCE_CHANGED', words, { details });
    default:
      if (DAMAGED.has(parsed.data.number ?? 0))
        return new WpcloneError('SOURCE_FAILED', words, { details: { ...details, damaged: true }, retryable: true });
      return new WpcloneError(parsed.data.full === true ? 'RESTORE_IMPOSSIBLE' : 'SOURCE_FAILED', words, { details });
  }
}

/** How a file, or what it belongs to, is chosen: `upload:2026/a.jpg`, `plugin:forms`. */
function choiceOf(path: string): string {
  const [, word, name = ''] = /^(plugin|mu-plugin|theme)s:([^/]+)/.exec(path) ?? [];
  if (word !== undefined) return `${word}:${name.replace(/\.php$/, '')}`;
  return path.startsWith('languages:') ? 'languages' : `upload:${path}`;
}

const TOLD = 8;

function driftWords(host: string, drift: readonly Drift[]): string {
  const each = drift.map(
    ({ title, item, table, why }) => `${printable(title || item).slice(0, 80)} (${table}: ${why})`,
  );
  const names = [...new Set(each)];
  const more = names.length > TOLD ? ` and ${names.length - TOLD} more` : '';
  return `${host} changed since the plan was made, so nothing was written: ${names.slice(0, TOLD).join(', ')}${more}.`;
}
