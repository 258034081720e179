import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { WorkContext } from '../../shared/context.ts';
import type { Look } from '../../instance/types.ts';
import { ADMINISTRATOR } from '../administrator.ts';

/** Tables of the server's own that it writes by itself. */
const BY_ITSELF = ['innodb_index_stats', 'innodb_table_stats'];
/** Tables of the server's own that hold code or what runs it; the others say who may what. */
const CODE: ReadonlySet<string> = new Set(['event', 'func', 'plugin', 'proc', 'servers']);
/** Variables that say how far the server is, not how it was set. */
const PROGRESS = /^(gtid_|innodb_buffer_pool_(dump|load)|innodb_last|timestamp$|server_uid$|pseudo_|rand_seed)/;
/** Milliseconds between two looks at the server's connections. */
const LOOK_AGAIN = 250;

/** `patience`: milliseconds for connections of others to end. */
type LookWork = Pick<WorkContext, 'sleep' | 'now'> & { readonly patience: number };

/** Everything in a database server that a clone could have left, by its administrator's eyes. `user`: the clone's own account. */
export async function lookAtDatabase(
  connection: Connection,
  user: string,
  work: LookWork,
): Promise<Pick<Look, 'databases' | 'accounts' | 'definitions' | 'variables' | 'connections'>> {
  const rows = async (statement: string, ...values: unknown[]): Promise<readonly string[][]> => {
    const [found] = await connection.query<(RowDataPacket & (string | number | null)[])[]>(
      { sql: statement, rowsAsArray: true },
      values,
    );
    return found.map((row) => row.map((value) => String(value)));
  };
  const lines = async (kind: string, statement: string): Promise<string[]> =>
    (await rows(statement)).map((row) => `${kind} ${row.join(' ')}`);
  const server = (
    await rows(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'mysql' AND table_type = 'BASE TABLE' AND table_name NOT IN (?) ORDER BY table_name",
      [...BY_ITSELF, 'global_priv'],
    )
  ).map(([name = '']) => name);
  const sums = await rows(`CHECKSUM TABLE ${server.map((name) => `mysql.\`${name}\``).join(', ')} EXTENDED`);
  const ofCode = (row: readonly string[]): boolean => CODE.has((row[0] ?? '').replace('mysql.', ''));
  return {
    databases: [
      ...(await lines('database', 'SHOW DATABASES')),
      ...(await lines(
        'table',
        "SELECT table_type, table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'performance_schema')",
      )),
    ],
    accounts: [
      ...sums.filter((row) => !ofCode(row)).map((row) => `sum ${row.join(' ')}`),
      ...(await rows('SELECT Host, User, CONCAT(Priv) FROM mysql.global_priv')).map((row) =>
        account(row, [user, ADMINISTRATOR]),
      ),
    ],
    definitions: [
      ...sums.filter(ofCode).map((row) => `sum ${row.join(' ')}`),
      ...(await lines('view', 'SELECT table_schema, table_name, MD5(view_definition) FROM information_schema.views')),
      ...(await lines('replication', 'SHOW ALL SLAVES STATUS')),
      ...(await lines('prepared', 'XA RECOVER')),
      ...(await lines('trigger', 'SELECT trigger_schema, trigger_name FROM information_schema.triggers')),
    ],
    variables: (await rows('SHOW GLOBAL VARIABLES'))
      .filter(([name = '']) => !PROGRESS.test(name))
      .map(([name, value]) => `${name} ${value}`),
    connections: await openConnections(rows, work),
  };
}

/** Without the passwords of the clone's own account and of the administrator, which are others for each clone and with each start. */
function account([host, name = '', privileges = '{}']: readonly string[], renewed: readonly string[]): string {
  const {
    authentication_string: secret,
    password_last_changed: _changed,
    ...rest
  }: Record<string, unknown> = JSON.parse(privileges);
  return `account ${name}@${host} ${JSON.stringify(renewed.includes(name) ? rest : { ...rest, secret })}`;
}

/** Those of others that stay open. */
async function openConnections(
  rows: (statement: string) => Promise<readonly string[][]>,
  work: LookWork,
): Promise<string[]> {
  const others = async (): Promise<Map<string, string>> => {
    const found = await rows(
      "SELECT id, user, command FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user <> 'system user' AND command <> 'Daemon'",
    );
    return new Map(found.map(([id = '', name = '', command = '']) => [id, `connection of ${name}, ${command}`]));
  };
  let staying = await others();
  for (const until = work.now() + work.patience; staying.size > 0 && work.now() < until;) {
    await work.sleep(LOOK_AGAIN);
    const now = await others();
    staying = new Map([...staying].filter(([id]) => now.has(id)));
  }
  return [...staying.values()];
}
