import type { ErrorCode } from '../../shared/error-codes.ts';
import { WpcloneError } from '../../shared/errors.ts';

/** The fields of an error of mysql2 (and of Node's sockets) that say what happened. */
interface DriverError extends Error {
  readonly code?: string;
  readonly errno?: number;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly retryable?: boolean;
}

/** Server error numbers (MySQL "Server Error Message Reference", MariaDB "Error Codes") and what they mean to us. */
const BY_NUMBER: Readonly<Record<number, Meaning>> = {
  3: { code: 'DISK_FULL' },
  20: { code: 'DISK_FULL' },
  1021: { code: 'DISK_FULL' },
  1026: { code: 'DISK_FULL' },
  1114: { code: 'DISK_FULL' },
  1030: { code: 'DATABASE_FAILED' },
  1040: { code: 'DATABASE_FAILED', retryable: true },
  1053: { code: 'DATABASE_FAILED', retryable: true },
  1205: { code: 'DATABASE_FAILED', retryable: true },
  1213: { code: 'DATABASE_FAILED', retryable: true },
  1927: { code: 'DATABASE_FAILED', retryable: true },
  1044: { code: 'DATABASE_FAILED' },
  1045: { code: 'DATABASE_FAILED' },
  1049: { code: 'DATABASE_FAILED' },
  1148: { code: 'DATABASE_FAILED' },
  3948: { code: 'DATABASE_FAILED' },
  4166: { code: 'DATABASE_FAILED' },
  1153: { code: 'ROW_TOO_LARGE' },
  1301: { code: 'ROW_TOO_LARGE' },
  1115: { code: 'COLLATION_UNKNOWN' },
  1273: { code: 'COLLATION_UNKNOWN' },
  1064: { code: 'DATABASE_FEATURE_MISSING' },
  1067: { code: 'DATABASE_FEATURE_MISSING' },
  1101: { code: 'DATABASE_FEATURE_MISSING' },
  1118: { code: 'DATABASE_FEATURE_MISSING' },
  1071: { code: 'DATABASE_FEATURE_MISSING' },
  1074: { code: 'DATABASE_FEATURE_MISSING' },
  1235: { code: 'DATABASE_FEATURE_MISSING' },
  1286: { code: 'DATABASE_FEATURE_MISSING' },
  1289: { code: 'DATABASE_FEATURE_MISSING' },
  4161: { code: 'DATABASE_FEATURE_MISSING' },
};

const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/**
 * Turns what the clone's database server (or the socket to it) said into one of our errors and says whether it may be tried
 * again. `doing` completes "… failed": `loading the table wp_posts`. `table` fills in the next step.
 */
export function databaseError(error: unknown, doing: string, table?: string): WpcloneError {
  if (error instanceof WpcloneError) return error;
  if (!(error instanceof Error) || error.name === 'AbortError')
    return new WpcloneError('CANCELLED', 'Cancelled.', { cause: error });
  const { code, errno, message }: DriverError = error;
  const lost = LOST.has(code ?? '') || message.includes('closed state');
  const meaning: Meaning = lost
    ? { code: 'DATABASE_FAILED', retryable: true }
    : code === 'ENOSPC'
      ? { code: 'DISK_FULL' }
      : (BY_NUMBER[errno ?? 0] ?? { code: table === undefined ? 'DATABASE_FAILED' : 'TABLE_FAILED' });
  return new WpcloneError(
    meaning.code,
    `${doing} failed: ${lost ? `the connection was lost (${code ?? message})` : message}.`,
    {
      cause: error,
      retryable: meaning.retryable ?? false,
      details: {
        ...(table === undefined ? {} : { table }),
        ...(meaning.code === 'DISK_FULL' ? { path: 'the clone’s database' } : {}),
      },
    },
  );
}
