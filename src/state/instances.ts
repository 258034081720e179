import { nameTaken, noSuchClone } from '../shared/clone-errors.ts';
import { WpcloneError } from '../shared/errors.ts';
import { findingSchema } from '../shared/findings.ts';
import type { Database } from './database.ts';
import type { SecretBox } from './secrets.ts';
import type { LocalInstanceRow, State } from './types.ts';

type Columns = Record<string, string | number | Buffer | null>;
type NewRow = Parameters<State['instances']['create']>[0];
type Ports = Parameters<State['instances']['create']>[1];

interface InstanceColumns {
  readonly id: string;
  readonly state: LocalInstanceRow['state'];
  readonly port: number;
  readonly url: string;
  readonly source_url: string;
  readonly wordpress_version: string | null;
  readonly php_version: string | null;
  readonly admin_username: string | null;
  readonly admin_password: Buffer | null;
  readonly database_password: Buffer;
  readonly epoch: number;
  readonly owner_job: string | null;
  readonly owner_pid: number | null;
  readonly owner_started_at: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  /** JSON; null for none. */
  readonly findings: string | null;
}

const UNCHANGED =
  ' AND state = @seen_state AND epoch = @seen_epoch AND owner_job IS @seen_job AND owner_pid IS @seen_pid AND owner_started_at IS @seen_started_at AND expires_at = @seen_expires_at';
const seenColumns = ({ state, epoch, owner, expiresAt }: LocalInstanceRow): Columns => ({
  seen_state: state,
  seen_epoch: epoch,
  seen_job: owner === null ? null : owner.jobId,
  seen_pid: owner?.pid ?? null,
  seen_started_at: owner?.startedAt ?? null,
  seen_expires_at: expiresAt,
});

/** The rows of local instances. `guarded` turns errors of SQLite into ours; passwords go through `box`. */
export function instanceStore(
  database: Database,
  box: SecretBox,
  guarded: <T>(work: () => T) => T,
): State['instances'] {
  const find = (id: string): LocalInstanceRow | undefined => {
    const row = database.prepare<[string], InstanceColumns>('SELECT * FROM instances WHERE id = ?').get(id);
    return row && toRow(row, box);
  };
  const create = database.transaction((row: NewRow, ports: Ports): LocalInstanceRow => {
    if (database.prepare('SELECT 1 FROM instances WHERE id = ?').get(row.id) !== undefined) {
      throw nameTaken(row.id);
    }
    const port = freePort(database, ports);
    const complete: LocalInstanceRow = { ...row, port, url: `http://127.0.0.1:${port}` };
    const columns = toColumns(complete.id, complete, box);
    const names = Object.keys(columns);
    database
      .prepare(`INSERT INTO instances (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`)
      .run(columns);
    return complete;
  });
  const change = (id: string, changes: Partial<LocalInstanceRow>, also: string, conditions: Columns): number => {
    const columns = toColumns(id, changes, box);
    const names = Object.keys(columns).map((name) => `${name} = @${name}`);
    return database
      .prepare(`UPDATE instances SET ${names.join(', ')} WHERE id = @where_id${also}`)
      .run({ ...columns, where_id: id, ...conditions }).changes;
  };
  return {
    find: (id) => guarded(() => find(id)),
    list: () =>
      guarded(() =>
        database
          .prepare<[], InstanceColumns>('SELECT * FROM instances ORDER BY created_at, id')
          .all()
          .map((row) => toRow(row, box)),
      ),
    create: (row, ports) => guarded(() => create.immediate(row, ports)),
    update: (id, changes) =>
      guarded(() => {
        const changed = change(id, changes, '', {});
        if (changed === 0) throw noSuchClone(id);
      }),
    updateUnchanged: (seen, changes) => guarded(() => change(seen.id, changes, UNCHANGED, seenColumns(seen)) > 0),
    remove: (id) =>
      guarded(() => {
        database.prepare<[string]>('DELETE FROM instances WHERE id = ?').run(id);
      }),
  };
}

function freePort(database: Database, ports: Ports): number {
  const used = new Set(database.prepare<[], number>('SELECT port FROM instances').pluck().all());
  for (let port = ports.first; port <= ports.last; port += 1) {
    if (!used.has(port) && !ports.avoid.has(port)) return port;
  }
  throw new WpcloneError('PORTS_EXHAUSTED', `All ports from ${ports.first} to ${ports.last} are in use.`);
}

function toRow(row: InstanceColumns, box: SecretBox): LocalInstanceRow {
  return {
    id: row.id,
    state: row.state,
    port: row.port,
    url: row.url,
    sourceUrl: row.source_url,
    wordpressVersion: row.wordpress_version,
    phpVersion: row.php_version,
    adminUsername: row.admin_username,
    adminPassword: row.admin_password && box.open(row.admin_password, `instances.admin_password ${row.id}`),
    databasePassword: box.open(row.database_password, `instances.database_password ${row.id}`),
    owner:
      row.owner_job === null || row.owner_pid === null || row.owner_started_at === null
        ? null
        : { jobId: row.owner_job, pid: row.owner_pid, startedAt: row.owner_started_at },
    epoch: row.epoch,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    findings: row.findings === null ? [] : findingSchema.array().parse(JSON.parse(row.findings)),
  };
}

/** Only the columns for what is given: serves a whole row and a change alike. */
function toColumns(id: string, row: Partial<LocalInstanceRow>, box: SecretBox): Columns {
  const seal = (secret: string | null | undefined, column: string): Buffer | null | undefined =>
    typeof secret === 'string' ? box.seal(secret, `instances.${column} ${id}`) : secret;
  const columns: Record<string, Columns[string] | undefined> = {
    id: row.id,
    state: row.state,
    port: row.port,
    url: row.url,
    source_url: row.sourceUrl,
    wordpress_version: row.wordpressVersion,
    php_version: row.phpVersion,
    admin_username: row.adminUsername,
    admin_password: seal(row.adminPassword, 'admin_password'),
    database_password: seal(row.databasePassword, 'database_password'),
    epoch: row.epoch,
    owner_job: row.owner === null ? null : row.owner?.jobId,
    owner_pid: row.owner === null ? null : row.owner?.pid,
    owner_started_at: row.owner === null ? null : row.owner?.startedAt,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    findings: row.findings && (row.findings.length === 0 ? null : JSON.stringify(row.findings)),
  };
  return Object.fromEntries(
    Object.entries(columns).filter((entry): entry is [string, Columns[string]] => entry[1] !== undefined),
  );
}
