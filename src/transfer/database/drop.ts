import type { TargetConnection } from './connection.ts';
import { quoteName } from './sql-tokens.ts';

/** Ends what else the clone's user does here: a transaction that somebody left open would hold up every DROP. */
export async function endOtherSessions(connection: TargetConnection): Promise<void> {
  const others = await connection.query(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = SUBSTRING_INDEX(CURRENT_USER(), '@', 1)",
  );
  // One that ends by itself at this moment is as good.
  for (const { id } of others) await connection.execute(`KILL ${Number(id)}`).catch(() => undefined);
}

/** Empties the schema: views, tables, triggers with them, sequences, events and routines. */
export async function dropAll(connection: TargetConnection): Promise<void> {
  const names = async (sql: string): Promise<{ name: string; type: string }[]> =>
    (await connection.query(sql)).map((row) => ({ name: String(row['name']), type: String(row['type']) }));
  const tables = await names(
    'SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
  );
  const drop = async (kind: string, wanted: (type: string) => boolean): Promise<void> => {
    const list = tables.filter(({ type }) => wanted(type)).map(({ name }) => quoteName(name));
    if (list.length > 0) await connection.execute(`DROP ${kind} IF EXISTS ${list.join(', ')}`);
  };
  await drop('VIEW', (type) => type.endsWith('VIEW'));
  await drop('TABLE', (type) => !type.endsWith('VIEW') && type !== 'SEQUENCE');
  await drop('SEQUENCE', (type) => type === 'SEQUENCE');
  const others = [
    ...(await names(
      "SELECT EVENT_NAME AS name, 'EVENT' AS type FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    )),
    ...(await names(
      'SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()',
    )),
  ];
  for (const { name, type } of others) await connection.execute(`DROP ${type} IF EXISTS ${quoteName(name)}`);
}
