import { allOrNothing } from '../../shared/all-or-nothing.ts';
import { readRowFile, readSchema, type BaselineTable } from '../baseline/database.ts';
import { keepGivenIds } from '../origin/ids.ts';
import { openTableFiles, type TableFiles } from '../table-files/import.ts';
import { markTables } from '../table-files/mark.ts';
import type { TransferContext, TransferSite } from '../types.ts';
import { collectWarnings } from '../warnings.ts';
import { whileAnswering } from './answering.ts';
import { connectTarget, type TargetConnection } from './connection.ts';
import { dropAll, endOtherSessions } from './drop.ts';
import { databaseError } from './errors.ts';
import { addForeignKeys, addKeys, runInAnyOrder } from './finish.ts';
import { startLoad } from './load.ts';
import { counterOf, readNextIds } from './next-ids.ts';
import { quoteName } from './sql-tokens.ts';

const STREAMS = 2;

/**
 * Puts the instance's database back to its baseline: everything in the schema is dropped, also what was added since, and loaded
 * again. Throws DATABASE_FAILED, DISK_FULL; idempotent.
 */
export async function resetDatabase(site: TransferSite, context: TransferContext): Promise<void> {
  try {
    await whileAnswering(site.database, context.signal, async (signal) => {
      const admin = await connectTarget(site.database, signal);
      try {
        await loadAgain(admin, site, { ...context, signal });
      } finally {
        admin.destroy();
      }
    });
  } catch (error) {
    context.signal.throwIfAborted();
    throw databaseError(error, 'Putting the database back');
  }
}

async function loadAgain(admin: TargetConnection, site: TransferSite, context: TransferContext): Promise<void> {
  const schema = await readSchema(site.paths.baseline);
  await endOtherSessions(admin);
  const given = await keepGivenIds(site.paths.baseline, await readNextIds(admin));
  await dropAll(admin);
  const files = await openTableFiles(site, admin, schema.tables, context.signal);
  const queue = schema.tables.toSorted((a, b) => b.bytes - a.bytes);
  const loaded: BaselineTable[] = [];
  let filled = 0;
  await allOrNothing(context.signal, (signal) =>
    Array.from({ length: STREAMS }, async () => {
      const connection = await connectTarget(site.database, signal);
      for (let table = queue.shift(); table; table = queue.shift()) {
        const imported = await fillTable(connection, table, { baseline: site.paths.baseline, files, given });
        if (!imported) loaded.push(table);
        filled += 1;
        context.progress({ tables: filled });
      }
      await connection.close();
    }),
  );
  const warnings = collectWarnings();
  for (const table of schema.tables) await addForeignKeys(admin, table, warnings);
  for (const statements of [schema.views, schema.triggers])
    await runInAnyOrder(
      admin,
      statements.map((sql) => ({ what: 'A view or trigger', sql })),
      warnings,
    );
  await files.finish();
  await markTables(site, loaded, context.signal);
}

interface Filling {
  readonly baseline: string;
  readonly files: TableFiles;
  /** Where IDs go on in tables in which the clone has given some already. */
  readonly given: ReadonlyMap<string, bigint>;
}

/** Says whether the table was imported; otherwise its rows were loaded. */
async function fillTable(
  connection: TargetConnection,
  table: BaselineTable,
  { baseline, files, given }: Filling,
): Promise<boolean> {
  await connection.execute(table.create);
  const imported = await files.fill(connection, table, collectWarnings());
  // Files of tables that an earlier clone of the site left count from where that one did.
  const next = given.get(table.name) ?? (imported ? counterOf(table.create) : undefined);
  if (next !== undefined) await connection.execute(`ALTER TABLE ${quoteName(table.name)} AUTO_INCREMENT = ${next}`);
  if (imported) return true;
  if (table.file !== null) {
    const load = startLoad(connection, table.load, table.name);
    for await (const rows of readRowFile(baseline, table.file)) await load.write(rows);
    await load.end();
  }
  await addKeys(connection, table, collectWarnings());
  return false;
}
