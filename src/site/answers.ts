import { WpcloneError } from '../shared/errors.ts';
import { printable } from '../shared/format.ts';
import { parseJson } from '../shared/json.ts';
import { refusalSchema, type Refusal } from './protocol.ts';
import { isChallenge, isFromCache, limitsRequests, lostDatabase, wantsPassword } from './signs.ts';

/** What came instead of a stream. */
export interface OtherAnswer {
  readonly host: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of the body. */
  readonly text: string;
  /** Milliseconds since the epoch, for Retry-After with a date. */
  readonly now: number;
}

const FIREWALL =
  /captcha|cf-chl|challenge-platform|just a moment\.\.\.|attention required|access denied|request (was )?(blocked|rejected)|web application firewall|wordfence|sucuri|incapsula|imunify|mod_security|not acceptable|forbidden/i;
const RATE = /too many requests|rate limit|slow down|limit exceeded/i;
const MAINTENANCE = /scheduled maintenance|maintenance mode/i;

/** What an answer that is not ours means. */
export function classifyAnswer(answer: OtherAnswer): WpcloneError {
  const { status, host, text } = answer;
  const retryAfter = retryAfterSeconds(answer);
  if (wantsPassword(answer)) return basicAuth(host);
  if (isChallenge(answer)) return challenged(host, status);
  // WordPress sends a Retry-After of ten minutes with it, whatever is left of the update.
  if (status === 503 && MAINTENANCE.test(text)) return inMaintenance(host);
  if (limitsRequests(answer)) return rateLimited(host, status, retryAfter);
  if (lostDatabase(answer)) return databaseDown(host);
  if (status === 413)
    return new WpcloneError('SOURCE_BLOCKED', `${host} refuses requests of this size.`, {
      details: { host, status },
    });
  if (status >= 500) return failed(host, status, retryAfter);
  if (RATE.test(text)) return rateLimited(host, status, retryAfter);
  if (status === 401 || status === 403 || status === 406 || FIREWALL.test(text)) return blocked(host, status);
  const cached = isFromCache(answer.headers);
  const instead = cached ? `: a cache before it answers what is posted there (HTTP ${status}).` : ` (HTTP ${status}).`;
  return new WpcloneError('MIGRATOR_MISSING', `The plugin of wpclone does not answer at ${host}${instead}`, {
    details: { host, status, ...(cached ? { cached: host } : {}) },
  });
}

/** Seconds of Retry-After, as a number or a date (RFC 9110 section 10.2.3). */
export function retryAfterSeconds(answer: Pick<OtherAnswer, 'headers' | 'now'>): number | undefined {
  const value = answer.headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - answer.now) / 1000));
}

/** The refusal in a JSON answer of the migrator, if it is one. */
export function refusalOf(text: string): Refusal | undefined {
  // A host may put something before it or after it; the object holds no others.
  const json = /\{"wpclone":[^{}]*\}/.exec(text)?.[0];
  return json === undefined ? undefined : refusalSchema.safeParse(parseJson(json)).data;
}

/** What a refusal of the migrator means. `table` is the one it is about. */
export function classifyRefusal(refusal: Refusal, host: string, table: string | undefined): WpcloneError {
  const about = table === undefined ? '' : ` (table ${JSON.stringify(table)})`;
  const text = `${printable(refusal.message).slice(0, 300)}${about}`;
  const details = { host, ...(table === undefined ? {} : { table }) };
  switch (refusal.error) {
    case 'refused':
      return new WpcloneError('SIGNATURE_REFUSED', `The plugin at ${host} no longer accepts our key.`, { details });
    case 'replayed':
      return new WpcloneError(
        'SIGNATURE_REFUSED',
        `Something between this machine and ${host} sends our requests twice.`,
        {
          details,
          retryable: true,
        },
      );
    case 'database_gone':
    case 'failed':
      return new WpcloneError('SOURCE_FAILED', text, { details, retryable: true });
    case 'table_changed':
    case 'no_such_table':
    case 'no_such_root':
      return new WpcloneError('SOURCE_CHANGED', text, { details });
    case 'table_failed':
      return new WpcloneError('TABLE_FAILED', text, { details });
    case 'row_too_large':
      return new WpcloneError('ROW_TOO_LARGE', text, { details });
    default:
      return new WpcloneError('SOURCE_FAILED', text, { details });
  }
}

const failed = (host: string, status: number, retryAfter?: number): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', `${host} answered with HTTP ${status}.`, {
    details: { host, status },
    retryable: true,
    retryAfter,
  });

const rateLimited = (host: string, status: number, retryAfter: number | undefined): WpcloneError =>
  new WpcloneError('RATE_LIMITED', `${host} limits the number of requests.`, {
    details: { host, status },
    retryable: true,
    retryAfter,
  });

const blocked = (host: string, status: number): WpcloneError =>
  new WpcloneError('SOURCE_BLOCKED', `Something in front of ${host} blocks our requests (HTTP ${status}).`, {
    details: { host, status },
    retryable: true,
  });

const challenged = (host: string, status: number): WpcloneError =>
  new WpcloneError('SOURCE_BLOCKED', `Something in front of ${host} wants to see a browser first (HTTP ${status}).`, {
    details: { host, status, challenge: true },
    retryable: true,
  });

/** The site's database does not answer. */
export const databaseDown = (host: string): WpcloneError =>
  new WpcloneError('SOURCE_DATABASE_DOWN', `${host} cannot reach its own database at the moment.`, {
    details: { host },
    retryable: true,
  });

/** WordPress is closed while it is updated. */
export const inMaintenance = (host: string, words?: string, retryAfter?: number): WpcloneError =>
  new WpcloneError('SOURCE_IN_MAINTENANCE', `${host} is closed for maintenance.${words ? ` It says: ${words}` : ''}`, {
    details: { host },
    retryable: true,
    retryAfter,
  });

const basicAuth = (host: string): WpcloneError =>
  new WpcloneError('HTTP_AUTH_REQUIRED', `The web server of ${host} asks for a password of its own.`, {
    details: { host },
  });
