import type { WorkContext } from '../../shared/context.ts';
import { openDatabase } from '../../state/database.ts';
import { AGENT_DATABASE } from '../database.ts';
import type { TokenReport, Tokens } from './tokens.ts';
import { tokenStore } from './tokens.ts';

/** Works with the tokens of a home, whether or not an agent runs there: one that does knows at once. */
export function withTokens<T>(
  home: string,
  context: Pick<WorkContext, 'now' | 'randomBytes'>,
  work: (tokens: Tokens) => T,
): T {
  const database = openDatabase(home, context.now, AGENT_DATABASE);
  try {
    return work(tokenStore(database, context));
  } finally {
    database.close();
  }
}

const iso = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();

/** A token as the commands print it. */
export const tokenLine = ({ id, name, scopes, customer, createdAt, lastUsedAt, revokedAt }: TokenReport) => ({
  id,
  name,
  scopes,
  customer,
  created_at: new Date(createdAt).toISOString(),
  last_used_at: iso(lastUsedAt),
  revoked_at: iso(revokedAt),
});
