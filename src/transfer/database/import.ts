import { type BaselineTable, databaseFolder, emptyDatabaseBaseline, writeSchema } from '../baseline/database.ts';
import { diskFull } from '../disk.ts';
import { writeDatabaseOrigin } from '../origin/database.ts';
import { noteWarnings } from '../origin/left-out.ts';
import { type Recorder, startRecorder } from '../origin/recorder.ts';
import type { LeftOut } from '../origin/schema.ts';
import { openEarlier, type OpenedEarlier } from '../earlier/open.ts';
import { readdressing } from '../earlier/readdress.ts';
import { type EarlierRows, withEarlier } from '../earlier/rows.ts';
import { createProgress } from '../progress.ts';
import { rulesOf } from '../rewrite/rules.ts';
import type { UrlMapping } from '../rewrite/types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { dropTableFiles } from '../table-files/folder.ts';
import { layTables } from '../table-files/laid.ts';
import { markTables } from '../table-files/mark.ts';
import type { DatabaseResult, TransferInput } from '../types.ts';
import { collectWarnings, type WarningCollector } from '../warnings.ts';
import { whileAnswering } from './answering.ts';
import { connectTarget, type TargetConnection } from './connection.ts';
import { dropAll } from './drop.ts';
import { describeCopied, setIdBands } from './copied.ts';
import { databaseError } from './errors.ts';
import { addForeignKeys, runInAnyOrder } from './finish.ts';
import { warnOfBroken, warnOfEncoded, warnOfLeftOut } from './import-warnings.ts';
import { prepareTables, type Prepared } from './prepare.ts';
import { readAll } from './read.ts';
import { triggerStatements, viewStatements } from './routines.ts';
import type { TableState } from './stream.ts';
import { warnOfKept } from './unique-keys.ts';

/**
 * Copies the site's tables into the instance's database, which is emptied first, and writes the baseline beside it. May be
 * called again after a failure. Throws TABLE_FAILED, TABLE_WITHOUT_KEY, COLLATION_UNKNOWN, DATABASE_FEATURE_MISSING,
 * ROW_TOO_LARGE, DISK_FULL, DATABASE_FAILED and what the client throws.
 */
export async function importDatabase(input: TransferInput): Promise<DatabaseResult> {
  const { site, context } = input;
  try {
    await emptyDatabaseBaseline(site.paths.baseline);
    if (site.tableFiles) await dropTableFiles(site.tableFiles);
    return await whileAnswering(site.database, context.signal, async (signal) => {
      const admin = await connectTarget(site.database, signal);
      try {
        return await importInto(admin, { ...input, context: { ...context, signal } });
      } finally {
        admin.destroy();
      }
    });
  } catch (error) {
    context.signal.throwIfAborted();
    throw diskFull(error, databaseFolder(site.paths.baseline)) ?? databaseError(error, 'Copying the database');
  }
}

async function importInto(admin: TargetConnection, input: TransferInput): Promise<DatabaseResult> {
  const { task, site, rewriter, context } = input;
  const { warnings, leftOut } = noteWarnings(collectWarnings());
  const before = { ...rewriter.counts };
  await dropAll(admin);
  const prepared = await prepareTables(admin, input, warnings);
  const { states } = prepared;
  const plans = states.map(({ table }) => table.plan);
  const key = await site.memoryKey?.();
  const { found, earlier, rules } = await openMemory(input, states, key);
  const totals = () => ({
    tables: states.filter((state) => state.done).length,
    rows: sum(states, (state) => state.rows),
    bytes: sum(states, (state) => state.bytes),
    totalBytes: sum(states, expectedBytes),
    urlsRewritten: rewriter.counts.replaced - before.replaced + earlier.kept().urls,
  });
  const progress = createProgress(context.progress, totals, input.now);
  const laid = await layTables(site, found, admin, plans, context.signal);
  const recorded = plans.map((plan) => ({ ...plan, rules: rules.get(plan.name) }));
  const recorder = await startRecorder(site.paths.baseline, recorded, key);
  try {
    await readAll(admin, states, { ...input, client: earlier.client, warnings, recorder, laid, tick: progress.tick });
  } finally {
    await recorder.close();
  }

  const made = await connectTables(admin, prepared, task.info, warnings);
  const tables = await writeBaseline(admin, made, states, { ...input, recorder, leftOut });
  const same = new Set(states.filter((state) => state.laid === 'same').map(({ table }) => table.plan.name));
  await laid.finish(same);
  const loaded = tables.filter(({ name }) => !same.has(name));
  await markTables(site, loaded, context.signal);
  progress.flush();
  warnOfEncoded(states, warnings);
  warnOfKept(
    states.map(({ table: { plan, columns } }) => ({ ...plan, unique: columns.unique })),
    warnings,
  );
  warnOfBroken(rewriter.counts.broken - before.broken, warnings);
  const { rows, bytes, urlsRewritten } = totals();
  return { tables: tables.length, rows, reused: earlier.kept().rows, bytes, urlsRewritten, warnings: warnings.list() };
}

interface Memory {
  readonly found: OpenedEarlier | undefined;
  readonly earlier: EarlierRows;
  readonly rules: ReadonlyMap<string, string | undefined>;
}

/** What an earlier clone remembers, and the rules by which this one's rows are made. */
async function openMemory(
  { task, site, rewriter, client }: TransferInput,
  states: readonly TableState[],
  key?: Buffer,
): Promise<Memory> {
  const { mapping } = rewriter;
  const rulesWith = (to: UrlMapping['to']) =>
    new Map(states.map(({ table: { plan, columns } }) => [plan.name, rulesOf({ ...mapping, to }, columns)]));
  const found = await openEarlier((await site.earlier?.()) ?? [], task.info, mapping.to, key);
  const rules = rulesWith(mapping.to);
  const readdress = found && readdressing(found.to, mapping);
  const earlier = withEarlier(client, found?.tables, readdress ? rulesWith(found.to) : rules, readdress);
  return { found, earlier, rules };
}

interface Connected {
  readonly tables: readonly TableState[];
  /** The statements that made them, in an order that works. */
  readonly views: string[];
  readonly triggers: string[];
}

/** Adds what leads from one table to others, once all of them are there: foreign keys, views and triggers. */
async function connectTables(
  admin: TargetConnection,
  { server, spell, others, states }: Prepared,
  info: SiteInfo,
  warnings: WarningCollector,
): Promise<Connected> {
  const tables = states.filter((state) => !state.leftOut);
  const names = new Set(tables.map(({ table }) => table.plan.name));
  for (const { table } of tables) await addForeignKeys(admin, table.plan, warnings);
  warnOfLeftOut(info, warnings);
  const target = { server, spell };
  const views = await runInAnyOrder(admin, viewStatements(info, others.views, target, warnings), warnings);
  const present = new Set([...names, ...info.views.map(({ name }) => name), ...others.views.map(({ name }) => name)]);
  const triggers = await runInAnyOrder(admin, triggerStatements(info, names, present, target, warnings), warnings);
  return { tables, views, triggers };
}

/** What `reset`, a restore and the next clone read, beside the rows. */
async function writeBaseline(
  admin: TargetConnection,
  { tables: made, views, triggers }: Connected,
  states: readonly TableState[],
  { task: { info }, site, rewriter, now, recorder, leftOut }: TransferInput & { recorder: Recorder; leftOut: LeftOut },
): Promise<BaselineTable[]> {
  await setIdBands(admin, states);
  const { mapping } = rewriter;
  const copied = await describeCopied(admin, states, mapping);
  await writeDatabaseOrigin(site.paths.baseline, copied, { info, mapping, madeAt: now(), recorder, leftOut });
  const tables = made.map(({ table, file, rows, bytes }) => ({
    ...table.plan,
    file: bytes > 0 ? file : null,
    rows,
    bytes,
  }));
  await writeSchema(site.paths.baseline, { version: 1, tables, views, triggers });
  return tables;
}

/** Once a table is there, what it was; before, what the site's server thinks that it is, which counts pages half filled and no escapes. */
function expectedBytes({ table: { selected }, bytes, done }: TableState): number {
  return done || selected.empty ? bytes : Math.max(bytes, selected.info.dataBytes);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
