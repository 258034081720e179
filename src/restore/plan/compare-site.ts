import { allOrNothing } from '../../shared/all-or-nothing.ts';
import type { SiteClient } from '../../site/client-types.ts';
import type { SiteInfo, TableInfo } from '../../site/info.ts';
import { readSchema } from '../../transfer/baseline/database.ts';
import { createReadings } from '../../transfer/database/charsets.ts';
import { connectTarget, describeTarget } from '../../transfer/database/connection.ts';
import { readingsOf } from '../../transfer/database/plan.ts';
import { skippedColumns } from '../../transfer/database/select.ts';
import { keptRows } from '../../transfer/database/unique-keys.ts';
import { readDatabaseOrigin } from '../../transfer/origin/database.ts';
import type { DatabaseOrigin } from '../../transfer/origin/schema.ts';
import { createRewriter } from '../../transfer/rewrite/rewriter.ts';
import type { Rewriter, RowColumns, UrlMapping } from '../../transfer/rewrite/types.ts';
import { surveyDatabase, type TableFinding } from '../../transfer/survey/database.ts';
import { untouchedTables } from '../../transfer/table-files/untouched.ts';
import type { TransferSite } from '../../transfer/types.ts';
import type { Kin } from '../kin.ts';
import { onClone } from '../rows/clone.ts';
import type { RawRows } from '../rows/compose.ts';
import type { Comparison } from '../rows/differences.ts';
import type { Room } from '../rows/room.ts';
import type { DefinitionsInput } from '../schema/read.ts';

export interface SiteComparison extends Comparison {
  readonly mapping: UrlMapping;
  readonly rewriter: Rewriter;
  /** Undefined for a clone that was made before clones remembered where they come from. */
  readonly remembered: DatabaseOrigin | undefined;
  /** Another connection to the clone's database, which can make tables that nobody else sees. */
  readonly definitions: Pick<DefinitionsInput, 'connection' | 'server'>;
}

/**
 * Asks the live site what changed, opens the clone's database and runs `work` on both. `mapping`: the addresses that a clone was made
 * with which does not remember them, or those of another site.
 */
export async function comparingSite<T>(
  {
    site,
    client,
    info,
    mapping: fallback,
    kin,
    room,
    signal,
  }: {
    readonly site: TransferSite;
    readonly client: SiteClient;
    readonly info: SiteInfo;
    readonly mapping: UrlMapping;
    readonly kin: Kin;
    readonly room: Room;
    readonly signal: AbortSignal;
  },
  work: (comparison: SiteComparison) => Promise<T>,
): Promise<T> {
  const { baseline } = site.paths;
  const remembered = await readDatabaseOrigin(baseline);
  const schema = await readSchema(baseline);
  const mapping = kin === 'source' ? (remembered?.rewriter.mapping ?? fallback) : fallback;
  const origin = new Map(remembered?.tables.map((table) => [table.name, table]));
  const columnsOf = await columnReader(site, info, origin, signal);
  const raws: RawRows = new WeakMap();
  try {
    const [done] = await allOrNothing(signal, (both) => {
      // Another site, and a copy with other addresses, send no range as the source sent it.
      const surveyed =
        kin === 'source'
          ? surveyTables(baseline, client, info, both)
          : Promise.resolve(new Map<string, TableFinding>());
      const compared = onClone(site.database, both, (database) =>
        work({
          kin,
          baseline,
          schema,
          origin,
          surveyed,
          info,
          database,
          client,
          rewriter: createRewriter(mapping),
          columnsOf: columnsOf.read,
          untouched: once(() => untouchedTables(site, both)),
          raws,
          room,
          signal: both,
          mapping,
          remembered,
          definitions: columnsOf,
        }),
      );
      return [compared, surveyed];
    });
    return done;
  } finally {
    columnsOf.close();
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}

async function surveyTables(
  baseline: string,
  client: SiteClient,
  info: SiteInfo,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TableFinding>> {
  const findings = (await surveyDatabase(baseline, client, info, signal)) ?? [];
  return new Map(findings.map((finding): [string, TableFinding] => [finding.name, finding]));
}

/** What rewriting has to know of a table's columns, as it was known when they were copied. */
async function columnReader(
  site: TransferSite,
  info: SiteInfo,
  origin: Comparison['origin'],
  signal: AbortSignal,
): Promise<{ read: (table: TableInfo) => Promise<RowColumns>; close: () => void } & SiteComparison['definitions']> {
  const connection = await connectTarget(site.database, signal);
  const server = await describeTarget(connection);
  const { charsets } = server;
  const readings = createReadings(connection, info.connectionCharset ?? info.charset, charsets);
  return {
    connection,
    server,
    read: async (table) => {
      const columns = table.columns.filter(({ generated }) => !generated).map(({ name }) => name);
      const kept = origin.get(table.name)?.kept;
      const asTheyAre = (kept?.columns ?? []).map((name) => columns.indexOf(name));
      return {
        skip: new Set([...skippedColumns(table, info.tablePrefix), ...asTheyAre]),
        unique: keptRows(kept, columns),
        readings: await readingsOf(table, readings),
      };
    },
    close: () => connection.destroy(),
  };
}
