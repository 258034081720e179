import type { SiteInfo, TableInfo } from '../../src/site/info.ts';
import type { Mariadb } from './mariadb.ts';

/** A site's description with nothing in it, to be filled by a test. */
export function siteInfo(changes: Partial<SiteInfo> = {}): SiteInfo {
  return {
    protocol: 2,
    rowFormat: 1,
    growth: [],
    wordpressVersion: '6.1.9',
    phpVersion: '8.2.0',
    serverSoftware: 'nginx/1.22.1',
    database: { version: '10.11', flavor: 'mariadb' },
    multisite: false,
    home: 'https://old.example',
    siteurl: 'https://old.example',
    tablePrefix: 'wp_',
    charset: 'utf8mb4',
    collate: '',
    paths: {
      abspath: '/srv/old',
      content: '/srv/old/wp-content',
      plugins: '/srv/old/wp-content/plugins',
      muPlugins: '/srv/old/wp-content/mu-plugins',
      uploads: '/srv/old/wp-content/uploads',
    },
    urls: {
      content: 'https://old.example/wp-content',
      plugins: 'https://old.example/wp-content/plugins',
      uploads: 'https://old.example/wp-content/uploads',
    },
    roots: [],
    tables: [],
    views: [],
    triggers: [],
    leftOut: [],
    otherPrefixes: [],
    constants: {},
    configuration: {
      withheld: [],
      paths: [],
      autoloaders: [],
      others: [],
      prepended: '',
      code: [],
      variables: {},
      keptBack: [],
    },
    php: { sapi: 'fpm-fcgi', shortOpenTag: false },
    ...changes,
  };
}

/** Describes the tables, views and triggers of a real schema as the migrator would. */
export async function describeSchema(
  server: Mariadb,
  database: string,
): Promise<Pick<SiteInfo, 'tables' | 'views' | 'triggers'>> {
  const listed = await server.query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, TABLE_ROWS AS rows_, DATA_LENGTH AS bytes
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}'`,
  );
  const tables = await Promise.all(
    listed
      .filter(({ type }) => type === 'BASE TABLE' || type === 'SYSTEM VERSIONED')
      .map((row) => describeTable(server, database, String(row['name']), row)),
  );
  const show = async (kind: string, name: unknown, column: string): Promise<string> => {
    const [row] = await server.query(`SHOW CREATE ${kind} \`${String(name).replaceAll('`', '``')}\``, database);
    return String(row?.[column]);
  };
  const triggers = await server.query(
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS tbl FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '${database}'`,
  );
  return {
    tables,
    views: await Promise.all(
      listed
        .filter(({ type }) => type === 'VIEW')
        .map(async ({ name }) => ({ name: String(name), definition: await show('VIEW', name, 'Create View') })),
    ),
    triggers: await Promise.all(
      triggers.map(async ({ name, tbl }) => ({
        name: String(name),
        table: String(tbl),
        definition: await show('TRIGGER', name, 'SQL Original Statement'),
      })),
    ),
  };
}

async function describeTable(
  server: Mariadb,
  database: string,
  name: string,
  facts: Record<string, unknown>,
): Promise<TableInfo> {
  const [shown] = await server.query(`SHOW CREATE TABLE \`${name.replaceAll('`', '``')}\``, database);
  const where = `TABLE_SCHEMA = '${database}' AND TABLE_NAME = '${name.replaceAll("'", "''")}'`;
  const columns = await server.query(
    `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset, EXTRA AS extra
     FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  );
  const key = await server.query(
    `SELECT COLUMN_NAME AS name FROM information_schema.STATISTICS WHERE ${where} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
  );
  return {
    name,
    engine: String(facts['engine']),
    rows: Number(facts['rows_']),
    dataBytes: Number(facts['bytes']),
    definition: String(shown?.['Create Table']),
    columns: columns.map((column): TableInfo['columns'][number] => ({
      name: String(column['name']),
      type: String(column['type']).toLowerCase(),
      charset: typeof column['charset'] === 'string' ? column['charset'] : null,
      generated: /GENERATED/.test(String(column['extra'])),
    })),
    key: key.length > 0 ? key.map((row) => String(row['name'])) : null,
  };
}
