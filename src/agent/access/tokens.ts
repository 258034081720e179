import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { type Database, guard } from '../../state/database.ts';
import { type Caller, isToken, newToken, parseToken, type Scope, SCOPES, tokenHash } from './token.ts';

/** A token as it is listed: never its secret. */
export interface TokenReport {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly customer: string | null;
  /** Milliseconds since the epoch, as are all times. */
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
}

export interface Tokens {
  /** The text is told once and never again. */
  create(token: {
    name: string;
    scopes: readonly Scope[];
    customer: string | null;
  }): TokenReport & { readonly text: string };
  list(): readonly TokenReport[];
  /** Throws TOKEN_NOT_FOUND. */
  revoke(id: string): TokenReport;
  /** Throws UNAUTHORIZED, in the same words whatever is wrong with the token. */
  check(text: string | undefined): Caller;
  /** Whether the token of this id may still call. */
  isGood(id: string): boolean;
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly scopes: string;
  readonly customer: string | null;
  readonly created_at: number;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

/** Milliseconds between two notes of when a token was last used: a note for each request would be a write for each request. */
const NOTE_PAUSE = 60_000;

/** The tokens of one agent's home. */
export function tokenStore(database: Database, work: Pick<WorkContext, 'now' | 'randomBytes'>): Tokens {
  const guarded = <T>(use: () => T): T => guard(database.name, use);
  const find = (id: string): TokenRow | undefined =>
    database.prepare<[string], TokenRow>('SELECT * FROM tokens WHERE id = ?').get(id);

  return {
    create: ({ name, scopes, customer }) =>
      guarded(() => {
        const made = newToken(work.randomBytes);
        database
          .prepare('INSERT INTO tokens (id, name, hash, scopes, customer, created_at) VALUES (?, ?, ?, ?, ?, ?)')
          .run(made.id, name, tokenHash(made), scopes.join(' '), customer, work.now());
        return { ...reportOf(find(made.id), made.id), text: made.text };
      }),
    list: () =>
      guarded(() =>
        database
          .prepare<[], TokenRow>('SELECT * FROM tokens ORDER BY created_at, id')
          .all()
          .map((row) => reportOf(row, row.id)),
      ),
    revoke: (id) =>
      guarded(() => {
        database.prepare('UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?').run(work.now(), id);
        return reportOf(find(id), id);
      }),
    check: (text) =>
      guarded(() => {
        const parts = parseToken(text ?? '');
        const row = parts && find(parts.id);
        if (parts === undefined || row === undefined || !isToken(parts, row.hash) || row.revoked_at !== null) {
          throw new WpcloneError('UNAUTHORIZED', 'The agent asks for a token that it knows.');
        }
        noteUse(database, row, work.now());
        return { token: row.id, scopes: scopesOf(row), customer: row.customer };
      }),
    isGood: (id) => guarded(() => find(id)?.revoked_at === null),
  };
}

function noteUse(database: Database, row: TokenRow, now: number): void {
  if (row.last_used_at !== null && now - row.last_used_at < NOTE_PAUSE) return;
  try {
    database.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?').run(now, row.id);
  } catch {
    // Nobody is refused because a note could not be made.
  }
}

const scopesOf = ({ scopes }: TokenRow): readonly Scope[] => {
  const words = scopes.split(' ');
  return SCOPES.filter((scope) => words.includes(scope));
};

/** Throws TOKEN_NOT_FOUND. */
function reportOf(row: TokenRow | undefined, id: string): TokenReport {
  if (row === undefined)
    throw new WpcloneError('TOKEN_NOT_FOUND', `There is no token ${id}.`, { details: { token: id } });
  return {
    id: row.id,
    name: row.name,
    scopes: scopesOf(row),
    customer: row.customer,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
