import { shortName } from '../merge/classes.ts';
import type { Row, TableDifferences } from '../merge/types.ts';
import type { People } from './people.ts';

/**
 * In whose name goes what people of the clone have written who are somebody else on another site, or nobody: that of whoever has their
 * log-in there, else that of the administrator who does the restore. By numbers in the clone; none where they travel themselves.
 */
export function namesakes(
  tables: readonly TableDifferences[],
  { own, administrator, travel }: People,
): Map<string, string> {
  const users = tables.find((table) => shortName(table) === 'users');
  if (users === undefined || travel) return new Map();
  const [id, login] = [users.columns.indexOf('ID'), users.columns.indexOf('user_login')];
  const there = new Map(
    users.rows.flatMap(({ live }) => (live ? [[nameOf(live[login]), live[id] ?? ''] as const] : [])),
  );
  const named = ({ clone }: { clone?: Row | undefined }): [string, string][] => {
    const number = clone?.[id];
    if (number == null || number === own) return [];
    const other = there.get(nameOf(clone?.[login])) ?? administrator ?? '0';
    return other === number ? [] : [[number, other]];
  };
  return new Map(users.rows.flatMap(named));
}

/** As WordPress's own key of log-ins takes them: without regard to case. */
const nameOf = (login: string | null | undefined): string => (login ?? '').toLowerCase();
