import { databaseFolder, emptyDatabaseBaseline, writeSchema } from '../baseline/database.ts';
import { diskFull } from '../disk.ts';
import { writeDatabaseOrigin } from '../origin/database.ts';
import { noteWarnings } from '../origin/left-out.ts';
import { startRecorder } from '../origin/recorder.ts';
import { openEarlier } from '../earlier/open.ts';
import { readdressing } from '../earlier/readdress.ts';
import { withEarlier } from '../earlier/rows.ts';
import { createProgress } from '../progress.ts';
import { rulesOf } from '../rewrite/rules.ts';
import type { UrlMapping } from '../rewrite/types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { dropTableFiles } from '../table-files/folder.ts';
import { layTables } from '../table-files/laid.ts';
import { markTables } from '../table-files/mark.ts';
import type { DatabaseResult, TransferInput, TransferTask } from '../types.ts';
import { collectWarnings, escapedName, type WarningCollector } from '../warnings.ts';
import { whileAnswering } from './answering.ts';
import { createReadings } from './charsets.ts';
import { connectTarget, describeTarget, type TargetConnection } from './connection.ts';
import { dropAll } from './drop.ts';
import { describeCopied, setIdBands } from './copied.ts';
import { databaseError } from './errors.ts';
import { addForeignKeys, runInAnyOrder } from './finish.ts';
import { idRules } from './ids.ts';
import { planTables } from './plan.ts';
import { readAll } from './read.ts';
import { triggerStatements, viewStatements } from './routines.ts';
import { selectOthers, type Others } from './others.ts';
import { selectTables, unmatchedPatterns, type SelectedTable } from './select.ts';
import { distinctTables, spellingOf, textsBy, warnOfCase, type Spelling } from './spelling.ts';
import type { TableState } from './stream.ts';
import { nameKept } from './unique-keys.ts';

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
  const { info } = task;
  const { warnings, leftOut } = noteWarnings(collectWarnings());
  const before = { ...rewriter.counts };
  await dropAll(admin);
  const server = await describeTarget(admin);
  const spell: Spelling = { name: spellingOf(info), text: textsBy(rewriter) };
  warnOfCase(info, server, warnings);
  const others = selectOthers(info, task.includeTables ?? [], spell.name);
  const selected = distinctTables(selectTables(info, task.excludeTables, others.tables), server, warnings);
  nameUnmatched(task, selected, others, warnings);
  const readings = createReadings(admin, info.connectionCharset ?? info.charset, server.charsets);
  const planned = await planTables(selected, { info, server, readings, warnings, ids: idRules(input), spell });
  const states = planned.map((table, index): TableState => ({
    table,
    file: `${index}.tsv`,
    rows: 0,
    bytes: 0,
    cursor: null,
    done: false,
    laid: 'not',
    leftOut: false,
  }));
  if (info.otherPrefixes.length > 0)
    warnings.add(
      'OTHER_SITE_IN_DATABASE',
      `Tables of other sites in the same database were left alone (${info.otherPrefixes.join(', ')}).`,
    );

  const { mapping } = rewriter;
  const key = await site.memoryKey?.();
  const found = await openEarlier((await site.earlier?.()) ?? [], info, mapping.to, key);
  const rulesWith = (to: UrlMapping['to']) =>
    new Map(planned.map(({ plan, columns }) => [plan.name, rulesOf({ ...mapping, to }, columns)]));
  const rules = rulesWith(mapping.to);
  const readdress = found && readdressing(found.to, mapping);
  const earlier = withEarlier(input.client, found?.tables, readdress ? rulesWith(found.to) : rules, readdress);
  const totals = () => ({
    tables: states.filter((state) => state.done).length,
    rows: sum(states, (state) => state.rows),
    bytes: sum(states, (state) => state.bytes),
    totalBytes: sum(states, expectedBytes),
    urlsRewritten: rewriter.counts.replaced - before.replaced + earlier.kept().urls,
  });
  const progress = createProgress(context.progress, totals, input.now);
  const plans = planned.map(({ plan }) => plan);
  const laid = await layTables(site, found, admin, plans, context.signal);
  const recorded = plans.map((plan) => ({ ...plan, rules: rules.get(plan.name) }));
  const recorder = await startRecorder(site.paths.baseline, recorded, key);
  try {
    await readAll(admin, states, { ...input, client: earlier.client, warnings, recorder, laid, tick: progress.tick });
  } finally {
    await recorder.close();
  }

  const made = states.filter((state) => !state.leftOut);
  const names = new Set(made.map(({ table }) => table.plan.name));
  for (const { table } of made) await addForeignKeys(admin, table.plan, warnings);
  nameLeftOut(info, warnings);
  const target = { server, spell };
  const views = await runInAnyOrder(admin, viewStatements(info, others.views, target, warnings), warnings);
  const present = new Set([...names, ...info.views.map(({ name }) => name), ...others.views.map(({ name }) => name)]);
  const triggers = await runInAnyOrder(admin, triggerStatements(info, names, present, target, warnings), warnings);
  await setIdBands(admin, states);
  const copied = await describeCopied(admin, states, mapping);
  await writeDatabaseOrigin(site.paths.baseline, copied, { info, mapping, madeAt: input.now(), recorder, leftOut });
  const tables = made.map(({ table, file, rows, bytes }) => ({
    ...table.plan,
    file: bytes > 0 ? file : null,
    rows,
    bytes,
  }));
  await writeSchema(site.paths.baseline, { version: 1, tables, views, triggers });
  const same = new Set(states.filter((state) => state.laid === 'same').map(({ table }) => table.plan.name));
  await laid.finish(same);
  const loaded = tables.filter(({ name }) => !same.has(name));
  await markTables(site, loaded, context.signal);
  progress.flush();
  nameEncoded(states, warnings);
  nameKept(
    planned.map(({ plan, columns: { unique } }) => ({ ...plan, unique })),
    warnings,
  );
  const broken = rewriter.counts.broken - before.broken;
  if (broken > 0)
    warnings.add(
      'BROKEN_SERIALIZED',
      `${broken} values hold serialized data that was already broken; they were rewritten as plain text.`,
    );
  const { rows, bytes, urlsRewritten } = totals();
  return { tables: made.length, rows, reused: earlier.kept().rows, bytes, urlsRewritten, warnings: warnings.list() };
}

/** Once a table is there, what it was; before, what the site's server thinks that it is, which counts pages half filled and no escapes. */
function expectedBytes({ table: { selected }, bytes, done }: TableState): number {
  return done || selected.empty ? bytes : Math.max(bytes, selected.info.dataBytes);
}

/** Patterns that fit nothing, and what has not the site's prefix and was not asked for. */
function nameUnmatched(
  { info, excludeTables, includeTables = [] }: TransferTask,
  selected: readonly SelectedTable[],
  others: Others,
  warnings: WarningCollector,
): void {
  const names = selected.map(({ info: { name } }) => name);
  for (const pattern of unmatchedPatterns(excludeTables, names, info.tablePrefix))
    warnings.add('EXCLUDE_UNMATCHED', `No table is called ${escapedName(pattern)}: the pattern left nothing out.`);
  const candidates = [...others.tables, ...others.views].map(({ name }) => name);
  for (const pattern of unmatchedPatterns(includeTables, candidates, info.tablePrefix))
    warnings.add('INCLUDE_UNMATCHED', `No table without the prefix of the site is called ${escapedName(pattern)}.`);
  if (others.leftOut.length === 0) return;
  const shown = others.leftOut.slice(0, 20).map(escapedName).join(', ');
  const more = others.leftOut.length > 20 ? ` and ${others.leftOut.length - 20} more` : '';
  warnings.add(
    'TABLES_WITHOUT_PREFIX',
    `Left out, because they have not the prefix ${escapedName(info.tablePrefix)}: ${shown}${more}. --include-table copies those that the site needs.`,
  );
}

/** What of the site's part of the database is no table, view or trigger. */
function nameLeftOut(info: SiteInfo, warnings: WarningCollector): void {
  for (const { name, kind } of info.leftOut ?? [])
    warnings.add('DATABASE_FEATURE_DROPPED', `The ${escapedName(kind)} ${escapedName(name)} was left out.`);
}

/** Addresses in base64 go on pointing to the source. */
function nameEncoded(states: readonly TableState[], warnings: WarningCollector): void {
  for (const { table } of states)
    for (const [index, count] of table.encoded)
      warnings.add(
        'BASE64_ADDRESS',
        `${escapedName(`${table.plan.name}.${table.plan.columns[index] ?? ''}`)}: ${count} values hold an address of the site in base64; they were left as they are.`,
      );
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
