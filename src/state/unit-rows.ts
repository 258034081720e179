import { findingSchema } from '../shared/findings.ts';
import type { SecretBox } from './secrets.ts';
import type { CloneRow, UnitRow } from './types.ts';

export type Columns = Record<string, string | number | Buffer | null>;

/** A row of `selectUnits`. */
export interface UnitColumns {
  readonly name: string;
  readonly state: UnitRow['state'];
  readonly port: number;
  readonly unit_php_version: string | null;
  readonly revision: string;
  readonly uses: number;
  readonly proven_at: number | null;
  readonly database_password: Buffer;
  readonly epoch: number;
  readonly lease_job: string | null;
  readonly lease_pid: number | null;
  readonly lease_started_at: string | null;
  readonly unit_created_at: number;
  readonly state_since: number;
  readonly id: string | null;
  readonly url: string;
  readonly source_url: string;
  readonly wordpress_version: string | null;
  readonly php_version: string | null;
  readonly admin_username: string | null;
  readonly admin_password: Buffer | null;
  readonly created_at: number;
  readonly expires_at: number;
  /** JSON; null for none. */
  readonly findings: string | null;
}

/** Units with the clones in them, oldest first. */
export const selectUnits = (where: string): string => `
  SELECT name, state, port, instances.php_version AS unit_php_version, revision, uses, proven_at, database_password, epoch,
    lease_job, lease_pid, lease_started_at, instances.created_at AS unit_created_at, state_since, clones.*
  FROM instances LEFT JOIN clones ON clones.unit = instances.name WHERE ${where} ORDER BY instances.created_at, name`;

export function unitOf(row: UnitColumns, box: SecretBox): UnitRow {
  const { lease_job: jobId, lease_pid: pid, lease_started_at: startedAt } = row;
  return {
    name: row.name,
    state: row.state,
    port: row.port,
    phpVersion: row.unit_php_version,
    revision: row.revision,
    uses: row.uses,
    provenAt: row.proven_at,
    databasePassword: box.open(row.database_password, sealedAt('database_password', row.name)),
    epoch: row.epoch,
    lease: jobId === null || pid === null || startedAt === null ? null : { jobId, pid, startedAt },
    createdAt: row.unit_created_at,
    stateSince: row.state_since,
    clone: row.id === null ? null : cloneOf(row.id, row, box),
  };
}

const cloneOf = (id: string, row: UnitColumns, box: SecretBox): CloneRow => ({
  id,
  url: row.url,
  sourceUrl: row.source_url,
  wordpressVersion: row.wordpress_version,
  phpVersion: row.php_version,
  adminUsername: row.admin_username,
  adminPassword: row.admin_password && box.open(row.admin_password, sealedAt('admin_password', id)),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  findings: row.findings === null ? [] : findingSchema.array().parse(JSON.parse(row.findings)),
});

/** Only the columns for what is given: serves a whole row and a change alike. */
export function unitColumns(name: string, unit: Partial<UnitRow>, box: SecretBox): Columns {
  const { databasePassword, lease } = unit;
  return given({
    state: unit.state,
    port: unit.port,
    php_version: unit.phpVersion,
    revision: unit.revision,
    uses: unit.uses,
    proven_at: unit.provenAt,
    database_password: databasePassword && box.seal(databasePassword, sealedAt('database_password', name)),
    epoch: unit.epoch,
    lease_job: lease === null ? null : lease?.jobId,
    lease_pid: lease === null ? null : lease?.pid,
    lease_started_at: lease === null ? null : lease?.startedAt,
  });
}

/** As `unitColumns`, of a clone. */
export function cloneColumns(id: string, clone: Partial<CloneRow>, box: SecretBox): Columns {
  const { adminPassword } = clone;
  return given({
    url: clone.url,
    source_url: clone.sourceUrl,
    wordpress_version: clone.wordpressVersion,
    php_version: clone.phpVersion,
    admin_username: clone.adminUsername,
    admin_password:
      typeof adminPassword === 'string' ? box.seal(adminPassword, sealedAt('admin_password', id)) : adminPassword,
    created_at: clone.createdAt,
    expires_at: clone.expiresAt,
    findings: clone.findings && (clone.findings.length === 0 ? null : JSON.stringify(clone.findings)),
  });
}

/** Secrets are bound to where they lay in 0.1.0, whose one table was called so: they still open where they lie now. */
const sealedAt = (column: 'admin_password' | 'database_password', key: string): string => `instances.${column} ${key}`;

const given = (columns: Record<string, Columns[string] | undefined>): Columns =>
  Object.fromEntries(
    Object.entries(columns).filter((entry): entry is [string, Columns[string]] => entry[1] !== undefined),
  );
