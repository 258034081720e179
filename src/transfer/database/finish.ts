import { escapedName, type WarningCollector } from '../warnings.ts';
import type { TargetConnection } from './connection.ts';
import { databaseError } from './errors.ts';
import type { TablePlan } from './plan.ts';
import { quoteName } from './sql-tokens.ts';

/** Errors that a second try of the same statement cannot help: the feature is left out and the person is told. */
const FATAL = new Set(['DISK_FULL', 'CANCELLED']);

/**
 * Builds the keys that were put off until the rows were in: the plain ones in one pass over the table, full-text and spatial ones
 * one by one (InnoDB builds one full-text key at a time). A key that this server refuses is left out with a warning: it
 * is only there for speed.
 */
export async function addKeys(
  connection: TargetConnection,
  plan: TablePlan,
  warnings: WarningCollector,
): Promise<void> {
  const plain = plan.keys.filter((key) => /^ADD (KEY|INDEX)/i.test(key));
  const alter = `ALTER TABLE ${quoteName(plan.name)} `;
  const single = plan.keys.filter((key) => !plain.includes(key));
  if (plain.length > 0) {
    const together = await attempt(connection, alter + plain.join(', '));
    if (together !== undefined) single.unshift(...plain);
  }
  for (const key of single) {
    const refused = await attempt(connection, alter + key);
    if (refused !== undefined)
      warnings.add(
        'DATABASE_FEATURE_DROPPED',
        `Key of ${escapedName(plan.name)} left out (${escapedName(key.slice(4))}): ${refused}`,
      );
  }
}

/** Adds the foreign keys once all tables are there. One that this server refuses is left out with a warning. */
export async function addForeignKeys(
  connection: TargetConnection,
  plan: TablePlan,
  warnings: WarningCollector,
): Promise<void> {
  for (const key of plan.foreignKeys) {
    const refused = await attempt(connection, `ALTER TABLE ${quoteName(plan.name)} ${key}`);
    if (refused !== undefined)
      warnings.add('DATABASE_FEATURE_DROPPED', `Foreign key of ${escapedName(plan.name)} left out: ${refused}`);
  }
}

/**
 * Runs statements that may need one another in an unknown order (views on views): those that fail are tried again as long as
 * others succeed. Returns those that worked, in the order that works.
 */
export async function runInAnyOrder(
  connection: TargetConnection,
  statements: readonly { readonly what: string; readonly sql: string }[],
  warnings: WarningCollector,
): Promise<string[]> {
  const done: string[] = [];
  let waiting = [...statements];
  for (;;) {
    const failed: { what: string; sql: string; why: string }[] = [];
    for (const statement of waiting) {
      const why = await attempt(connection, statement.sql);
      if (why === undefined) done.push(statement.sql);
      else failed.push({ ...statement, why });
    }
    if (failed.length === 0) return done;
    if (failed.length === waiting.length) {
      for (const { what, why } of failed) warnings.add('DATABASE_FEATURE_DROPPED', `${what} left out: ${why}`);
      return done;
    }
    waiting = failed;
  }
}

/** Runs a statement; returns what the server objected to, undefined when it did not. */
async function attempt(connection: TargetConnection, sql: string): Promise<string | undefined> {
  try {
    await connection.execute(sql);
    return undefined;
  } catch (error) {
    const coded = databaseError(error, 'Changing a table');
    if (coded.retryable || FATAL.has(coded.code)) throw coded;
    return error instanceof Error ? error.message : String(error);
  }
}
