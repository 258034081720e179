import type { TargetConnection } from './connection.ts';
import { quoteName } from './sql-tokens.ts';

/** The AUTO_INCREMENT of each table that has one. */
export async function readNextIds(connection: TargetConnection): Promise<Map<string, bigint>> {
  // MySQL 8 would answer with what it knew a day ago; MariaDB has no such setting.
  await connection.execute('SET SESSION information_schema_stats_expiry = 0').catch(() => undefined);
  const rows = await connection.query(
    'SELECT TABLE_NAME AS name, CAST(AUTO_INCREMENT AS CHAR) AS next FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND AUTO_INCREMENT IS NOT NULL',
  );
  return new Map(rows.map((row) => [String(row['name']), BigInt(String(row['next']))]));
}

/** Lets tables count from the given IDs on. One that counts from higher up already stays as it is. */
export async function raiseNextIds(connection: TargetConnection, wanted: ReadonlyMap<string, bigint>): Promise<void> {
  const now = await readNextIds(connection);
  for (const [name, next] of wanted)
    if ((now.get(name) ?? 0n) < next)
      await connection.execute(`ALTER TABLE ${quoteName(name)} AUTO_INCREMENT = ${next}`);
}

/** The largest ID of a table; null without rows. */
export async function largestId(connection: TargetConnection, table: string, column: string): Promise<string | null> {
  const [row] = await connection.query(`SELECT CAST(MAX(${quoteName(column)}) AS CHAR) AS id FROM ${quoteName(table)}`);
  const id = row?.['id'];
  return typeof id === 'string' && /^\d+$/.test(id) ? id : null;
}

/** From where on a table counts that is made by such a statement; undefined for one that does not count. */
export function counterOf(create: string): bigint | undefined {
  const options = create.slice(create.lastIndexOf('\n)'));
  const next = / AUTO_INCREMENT=(\d+)/.exec(options)?.[1];
  if (next !== undefined) return BigInt(next);
  return /\bAUTO_INCREMENT\b/i.test(create) ? 1n : undefined;
}
