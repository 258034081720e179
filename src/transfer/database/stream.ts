import { WpcloneError } from '../../shared/errors.ts';
import { reusing } from '../../shared/reusing.ts';
import type { RowBlock, RowsBefore, SiteClient, TableRead } from '../../site/client-types.ts';
import { openRowFile, rowFilePath, type RowFile } from '../baseline/database.ts';
import { createGathered } from '../rewrite/gathered.ts';
import type { Rewriter } from '../rewrite/types.ts';
import type { Recorder } from '../origin/recorder.ts';
import type { LaidTables } from '../table-files/laid.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import type { TargetConnection } from './connection.ts';
import { describeComplaints, withoutEmptyEnums } from './complaints.ts';
import { startDifferences } from './differences.ts';
import { startLoad, type Load } from './load.ts';
import type { PlannedTable } from './plan.ts';
import { quoteName } from './sql-tokens.ts';

/** How far one table is. */
export interface TableState {
  table: PlannedTable;
  /** The file of its rows in the baseline. */
  readonly file: string;
  rows: number;
  bytes: number;
  /** The key of the last row that was read; null before the first. */
  cursor: readonly string[] | null;
  done: boolean;
  /** It had its rows, and has its keys, from an earlier clone before any was read: `same` when they are still the very ones. */
  laid: 'not' | 'same' | 'changed';
  /** It is not in the clone: it is excluded, and this server does not take it. */
  leftOut: boolean;
}

export interface StreamWork {
  readonly client: SiteClient;
  readonly rewriter: Rewriter;
  readonly connection: TargetConnection;
  readonly baseline: string;
  readonly signal: AbortSignal;
  readonly laid: LaidTables;
  readonly warnings: WarningCollector;
  readonly recorder: Recorder;
  /** Called after each block. */
  readonly tick: () => void;
  /** Called when a table has all its rows. */
  readonly complete: (state: TableState) => void;
}

/**
 * Reads tables in one stream and loads each block of rows as it comes: it is rewritten, then loaded and written to the baseline
 * at the same time. Memory holds one block, or the largest row, which is rewritten and loaded in parts.
 */
export async function streamTables(
  states: readonly TableState[],
  mode: 'new' | 'append',
  work: StreamWork,
): Promise<void> {
  if (states.length === 0) return;
  const byName = new Map(states.map((state) => [state.table.plan.name, state]));
  let open: OpenTable | undefined;
  const gathered = createGathered();
  const { allocate } = reusing();
  const whole = new Set<TableState>();
  if (mode === 'new')
    for (const { table } of states) {
      work.recorder.begin(table.plan.name);
      table.columns.unique?.begin();
    }
  try {
    for await (const block of work.client.rows(
      states.map((state) => readOf(state, mode)),
      work.signal,
    )) {
      const state = byName.get(block.table);
      if (!state || (open && open.state !== state)) throw unexpected(block);
      if (block.partial || !gathered.isEmpty) gathered.add(block.data);
      if (block.partial) {
        work.recorder.block(block);
        continue;
      }
      let urls: number | undefined;
      if (block.remade) {
        open ??= await openTable(state, mode, work);
        await open.write(block.remade.rows, block.before);
        work.recorder.remade(block, block.remade);
      } else if (block.data.length > 0 || !gathered.isEmpty) {
        open ??= await openTable(state, mode, work);
        const { columns } = state.table;
        if (gathered.isEmpty) {
          const replaced = work.recorder.rewriting(block);
          const watched = watch(state.table, work.rewriter);
          const rows = work.rewriter.rows(block.data, columns, { replaced, allocate });
          urls = watched();
          await open.write(rows, block.before);
        } else await writeParts(open, work.rewriter.hugeRows(gathered.bytes(), columns));
        gathered.drop();
      }
      if (block.remade === undefined) work.recorder.block(block, urls);
      state.rows += block.rows;
      state.cursor = block.cursor ?? state.cursor;
      work.tick();
      if (!block.last) continue;
      await open?.end();
      open = undefined;
      state.done = true;
      whole.add(state);
      work.complete(state);
    }
  } finally {
    await open?.abandon();
  }
  const missing = states.find((state) => !whole.has(state));
  if (missing)
    throw new WpcloneError(
      'SOURCE_FAILED',
      `The site did not send the whole table ${escapedName(missing.table.plan.name)}.`,
    );
}

/**
 * While rows are rewritten. Says then how many URLs were, or undefined where that has more to it, which the same rules would not bring about
 * once more: something is to be said of the rows, they speak of folders, and those of clones have other names, or what becomes of one depends on others.
 */
function watch({ encoded, columns }: PlannedTable, rewriter: Rewriter): () => number | undefined {
  const said = (): string =>
    [rewriter.folders, rewriter.counts.broken, sum(encoded.values()), columns.unique?.judged].join(' ');
  const [before, { replaced }] = [said(), rewriter.counts];
  return () => (said() === before ? rewriter.counts.replaced - replaced : undefined);
}

const isStored = ({ generated }: { readonly generated: boolean }): boolean => !generated;

const sum = (counts: Iterable<number>): number => [...counts].reduce((all, each) => all + each, 0);

async function writeParts(open: OpenTable, parts: Iterable<Buffer>): Promise<void> {
  for (const part of parts) await open.write(part);
}

interface TableLoad extends Pick<Load, 'end'> {
  write(rows: Buffer, before?: RowsBefore): Promise<void>;
}

interface OpenTable {
  readonly state: TableState;
  /** `before` as in RowBlock. */
  write(rows: Buffer, before?: RowsBefore): Promise<void>;
  end(): Promise<void>;
  abandon(): Promise<void>;
}

async function openTable(state: TableState, mode: 'new' | 'append', work: StreamWork): Promise<OpenTable> {
  const { plan } = state.table;
  const file: RowFile = await openRowFile(work.baseline, state.file, mode);
  const place = { file: rowFilePath(work.baseline, state.file), first: mode === 'append' ? state.rows : 0 };
  const isLaid = mode === 'new' && (await work.laid.lay(work.connection, state.table, work.warnings));
  if (isLaid) state.laid = 'same';
  else if (state.laid === 'same') state.laid = 'changed';
  const load = isLaid
    ? await intoLaid(state, place.file, work)
    : startLoad(work.connection, plan.load, escapedName(plan.name));
  return {
    state,
    write: async (rows, before) => {
      await writeBoth(rows, { write: (part) => load.write(part, before) }, file);
      state.bytes += rows.length;
      work.recorder.wrote(plan.name, rows);
    },
    end: async () => {
      await file.close();
      const { info } = state.table.selected;
      const outcome = await withoutEmptyEnums(await load.end(), info.columns.filter(isStored), place);
      const examples = outcome.complaints.slice(0, 5).map(({ message }) => message);
      work.recorder.refused(plan.name, outcome.skipped, outcome.complaintCount, examples);
      const said = await describeComplaints(plan, outcome, place, mode);
      if (said !== undefined) work.warnings.add('VALUES_REFUSED', `${escapedName(plan.name)}: ${said}`);
    },
    abandon: () => file.close().catch(() => undefined),
  };
}

/**
 * Loads rows and writes them to their file at the same time. Waits for the file also when loading fails: the rows lie in memory that is used
 * for others afterwards. But not for the server when the file fails: one whose disk is full may wait until there is room again, and its
 * session is ended by whoever hears of the failure.
 */
export async function writeBoth(rows: Buffer, load: Pick<Load, 'write'>, file: Pick<RowFile, 'write'>): Promise<void> {
  const written = file.write(rows);
  try {
    await Promise.all([load.write(rows), written]);
  } finally {
    await written.catch(() => undefined);
  }
}

/** Puts into a table with the rows of an earlier clone what is another by now, once all has come. */
async function intoLaid(state: TableState, file: string, work: StreamWork): Promise<TableLoad> {
  const { plan, ids } = state.table;
  const differences = await startDifferences(work.connection, plan, file);
  return {
    write: async (rows, before) => differences.wrote(rows, before),
    end: async () => {
      const outcome = await differences.apply();
      if (outcome.changed) state.laid = 'changed';
      const next = ids && (ids.from ?? ids.next);
      if (next !== null) await work.connection.execute(`ALTER TABLE ${quoteName(plan.name)} AUTO_INCREMENT = ${next}`);
      return outcome;
    },
  };
}

function readOf(state: TableState, mode: 'new' | 'append'): TableRead {
  const { name, columns, key } = state.table.plan;
  const other = state.table.selected.other ? ({ other: true } as const) : {};
  return { name, columns, key, ...other, ...(mode === 'append' && state.cursor ? { after: state.cursor } : {}) };
}

function unexpected(block: RowBlock): WpcloneError {
  return new WpcloneError(
    'SOURCE_FAILED',
    `The site sent rows of ${escapedName(block.table)} that were not asked for.`,
  );
}
