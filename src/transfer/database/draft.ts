import { escapedName, type WarningCollector } from '../warnings.ts';
import type { Piece } from './column-parts.ts';
import type { TargetConnection } from './connection.ts';
import { databaseError } from './errors.ts';
import { quoteName } from './sql-tokens.ts';

/** A CREATE TABLE in parts, for a server that may not take all of them. */
export interface Draft {
  readonly name: string;
  /** Columns, keys, checks and periods: each is its pieces in a row. */
  readonly items: readonly (readonly Piece[])[];
  /** Table options: engine, character set and so on, each with a blank before it. */
  readonly options: readonly Piece[];
}

/** The form of each piece: as it is, the nearest there is, or none. */
type Form = 'own' | 'nearest' | 'none';
type Choice = (piece: Piece) => Form;

/** The statement with all parts, or with those that `choice` keeps. */
export function createStatement(draft: Draft, choice: Choice = () => 'own'): string {
  const text = (piece: Piece): string => {
    const form = choice(piece);
    return form === 'none' ? '' : form === 'nearest' ? (piece.instead ?? piece.text) : piece.text;
  };
  const items = draft.items
    .map((pieces) => pieces.map(text).filter((part) => part !== ''))
    .filter((parts) => parts.length > 0)
    .map((parts) => parts.join(' '));
  return `CREATE TABLE ${quoteName(draft.name)} (\n  ${items.join(',\n  ')}\n)${draft.options.map(text).join('')}`;
}

/**
 * Makes the table with as much of its definition as this server takes, and returns the statement that made it. What had to be left
 * out is said in a warning with the server's words. Throws what the server objected to when it takes not even the columns.
 */
export async function createFromDraft(
  connection: TargetConnection,
  draft: Draft,
  warnings: WarningCollector,
): Promise<string> {
  const whole = createStatement(draft);
  const objection = await tryOut(connection, whole);
  if (objection === undefined) return whole;
  const pieces = [...draft.items.flat(), ...draft.options];
  const forms = new Map(pieces.map((piece) => [piece, leastOf(piece)]));
  const statement = (): string => createStatement(draft, (piece) => forms.get(piece) ?? 'own');
  if ((await tryOut(connection, statement())) !== undefined) throw objection;
  for (const piece of pieces) {
    const least = leastOf(piece);
    if (least === 'own') continue;
    const attempt = async (form: Form): Promise<Error | undefined> => {
      forms.set(piece, form);
      await connection.execute(`DROP TABLE IF EXISTS ${quoteName(draft.name)}`);
      return tryOut(connection, statement());
    };
    const refused = await attempt('own');
    if (refused === undefined) continue;
    const near = piece.instead !== undefined && (await attempt('nearest')) === undefined;
    if (!near) await attempt(least);
    const what = near ? `became ${escapedName(piece.instead?.trim() ?? '')}` : 'left out';
    const part = escapedName(piece.text.trim());
    warnings.add('DATABASE_FEATURE_DROPPED', `${escapedName(draft.name)}: ${part} ${what}: ${refused.message}`);
  }
  return statement();
}

/** The form in which any server should take it. */
const leastOf = ({ optional, instead }: Piece): Form => (optional ? 'none' : instead === undefined ? 'own' : 'nearest');

/** The server's objection to a CREATE TABLE; undefined when it made the table. Throws what a lesser statement would not help. */
async function tryOut(connection: TargetConnection, sql: string): Promise<Error | undefined> {
  try {
    await connection.execute(sql);
    return undefined;
  } catch (error) {
    const { code, retryable } = databaseError(error, 'Making a table');
    if (retryable || code === 'DISK_FULL' || code === 'CANCELLED' || !(error instanceof Error)) throw error;
    return error;
  }
}
