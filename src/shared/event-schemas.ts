import { z } from 'zod';
import { FINDING_CODES } from './findings.ts';
import { STEPS } from './steps.ts';

/** Counters of a step; which ones are present depends on the step. Bytes are of content, not of the wire. */
export const stepCountersSchema = z
  .object({
    tables: z.number().optional(),
    rows: z.number().optional(),
    files: z.number().optional(),
    bytes: z.number().optional(),
    /** Of a database, what is known of tables that are there and estimated of the others; of files, those that are to be fetched and known so far. */
    totalBytes: z.number().optional(),
    totalFiles: z.number().optional(),
    urlsRewritten: z.number().optional(),
  })
  .readonly();

/** Things that did not stop the work but that the person should know. Stable, like error codes. */
const WARNING_CODES = [
  'COLLATION_MAPPED',
  'TABLE_WITHOUT_KEY',
  'FILE_UNREADABLE',
  'FILE_NAME_REFUSED',
  'SYMLINK_OUTSIDE',
  'SECRET_LEFT_OUT',
  'FILE_CHANGED',
  'OTHER_SITE_IN_DATABASE',
  'OTHER_SITE_IN_FILES',
  'HOME_FOLDER_LEFT_OUT',
  'BROKEN_SERIALIZED',
  'ADDRESS_KEPT',
  'BASE64_ADDRESS',
  'VALUES_REFUSED',
  'USERS_LEFT_OUT',
  'OUTSIDE_LEFT_OUT',
  'SET_ASIDE',
  'CONFIG_FILES_LEFT_OUT',
  'CONFIG_CODE_LEFT_OUT',
  'PREPENDED_FILE_LEFT_OUT',
  'PHP_VERSION_DIFFERS',
  'DATABASE_FEATURE_DROPPED',
  'DATABASE_DIFFERS',
  'EXCLUDE_UNMATCHED',
  'INCLUDE_UNMATCHED',
  'TABLES_WITHOUT_PREFIX',
  'TABLE_NAME_CASE',
  'LEFTOVERS_REMOVED',
  'DISCONNECT_FAILED',
  'MEDIA_UNREACHABLE',
  'REMOVAL_FAILED',
  'FILES_NOT_KEPT',
  'SECRET_REPAIRED',
  'WAITING_FOR_CLUSTER',
  'FORWARDING_INTERRUPTED',
  'AGENT_INTERRUPTED',
  'FRONT_PAGE',
  'NOT_COMPARED',
  'PASSWORD_LOGIN',
  ...FINDING_CODES,
  // What a newer instance warns of; its message says what.
  'OTHER',
] as const;

export const warningSchema = z.object({ code: z.enum(WARNING_CODES).catch('OTHER'), message: z.string() }).readonly();
export const warningsSchema = z.array(warningSchema).readonly();

const stepSchema = z.enum(STEPS);
const said = { step: stepSchema, message: z.string() };

/** See `WorkEvent`. */
export const workEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('step-started'), step: stepSchema }),
    z.object({
      type: z.literal('step-progress'),
      step: stepSchema,
      message: z.string().exactOptional(),
      counters: stepCountersSchema.exactOptional(),
    }),
    z.object({ type: z.literal('step-finished'), ...said, seconds: z.number() }),
    z.object({
      type: z.literal('step-failed'),
      ...said,
      // Of the step whose failure ends the work: the others are only stopped.
      code: z.string().exactOptional(),
      retryable: z.boolean().exactOptional(),
    }),
    z.object({ type: z.literal('retry'), ...said, waitSeconds: z.number() }),
    z.object({ type: z.literal('warning'), ...warningSchema.unwrap().shape }),
    z.object({ type: z.literal('undo'), ...said }),
  ])
  .readonly();
