import { WpcloneError } from '../../shared/errors.ts';
import { allOrNothing } from '../../shared/all-or-nothing.ts';
import type { TransferInput } from '../types.ts';
import type { Recorder } from '../origin/recorder.ts';
import type { LaidTables } from '../table-files/laid.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import { connectTarget, type TargetConnection } from './connection.ts';
import { createFromDraft } from './draft.ts';
import { databaseError } from './errors.ts';
import { addKeys } from './finish.ts';
import { planGroups } from './groups.ts';
import { createKeyBuilder } from './key-builder.ts';
import { quoteName } from './sql-tokens.ts';
import { streamTables, type StreamWork, type TableState } from './stream.ts';

/**
 * Streams at a time. One session of the clone's server limits one stream (it reads some 160 MB/s of rows), two cores limit two;
 * a third gained nothing.
 */
const STREAMS = 2;
/** How often a table that cannot be continued is started anew. */
const STARTS = 3;

export interface ReadWork extends TransferInput {
  readonly warnings: WarningCollector;
  readonly recorder: Recorder;
  readonly laid: LaidTables;
  readonly tick: () => void;
}

/** Makes and fills all tables, builds their keys, and fetches the rows that arrived at the source meanwhile. */
export async function readAll(admin: TargetConnection, states: readonly TableState[], work: ReadWork): Promise<void> {
  const { site, task, context, warnings } = work;
  const stateOf = new Map(states.map((state) => [state.table.selected, state]));
  const full = states.filter((state) => !state.table.selected.empty).map((state) => state.table.selected);
  const groups = planGroups(full, task.info.tablePrefix, STREAMS).map((group) =>
    group.flatMap((table) => stateOf.get(table) ?? []),
  );
  await allOrNothing(context.signal, (signal) => {
    const keys = createKeyBuilder(site.database, signal, warnings);
    const streams = groups.map((group) =>
      readGroup(group, work, signal, (state) => {
        if (state.laid === 'not') keys.add(state.table.plan);
      }),
    );
    const rest = Promise.all(streams).then(() => keys.finish());
    return [...streams, rest, createEmpty(admin, states, warnings)];
  });
  const counting = states.filter((state) => state.table.counting && !state.table.selected.empty);
  await streamTables(
    counting,
    'append',
    streamWork(work, admin, context.signal, () => undefined),
  );
}

/** Excluded tables: there without their rows, or, when this server does not take them at all, left out. */
async function createEmpty(
  admin: TargetConnection,
  states: readonly TableState[],
  warnings: WarningCollector,
): Promise<void> {
  for (const state of states.filter(({ table }) => table.selected.empty)) {
    try {
      await createTable(admin, state, warnings);
      await addKeys(admin, state.table.plan, warnings);
    } catch (error) {
      const { code, retryable, message } = databaseError(error, 'Making a table');
      if (retryable || code === 'DISK_FULL' || code === 'CANCELLED') throw error;
      warnings.add('DATABASE_FEATURE_DROPPED', `An excluded table was left out: ${message}`);
      state.leftOut = true;
    }
    state.done = true;
  }
}

async function readGroup(
  group: readonly TableState[],
  work: ReadWork,
  signal: AbortSignal,
  complete: (state: TableState) => void,
): Promise<void> {
  for (let start = 1; ; start += 1) {
    const connection = await connectTarget(work.site.database, signal);
    try {
      const waiting = group.filter((state) => !state.done);
      for (const state of waiting)
        await (start === 1 ? createTable(connection, state, work.warnings) : restartTable(connection, state));
      await streamTables(waiting, 'new', streamWork(work, connection, signal, complete));
      await connection.close();
      return;
    } catch (error) {
      connection.destroy();
      const again = error instanceof WpcloneError && error.code === 'TABLE_WITHOUT_KEY' && error.retryable;
      if (!again || start === STARTS) throw error;
    }
  }
}

async function createTable(connection: TargetConnection, state: TableState, warnings: WarningCollector): Promise<void> {
  const { draft, plan } = state.table;
  const create = await createFromDraft(connection, draft, warnings).catch((error: unknown) => {
    throw databaseError(error, `Making the table ${escapedName(plan.name)}`, escapedName(plan.name));
  });
  state.table = { ...state.table, plan: { ...plan, create } };
}

/** A stream of rows without a key cannot be continued: what was loaded is dropped. */
async function restartTable(connection: TargetConnection, state: TableState): Promise<void> {
  const { name, create } = state.table.plan;
  if (state.laid === 'not') await connection.execute(`TRUNCATE TABLE ${quoteName(name)}`);
  else {
    // It has its keys already.
    await connection.execute(`DROP TABLE ${quoteName(name)}`);
    await connection.execute(create);
  }
  Object.assign(state, { rows: 0, bytes: 0, cursor: null, laid: 'not' });
}

function streamWork(
  work: ReadWork,
  connection: TargetConnection,
  signal: AbortSignal,
  complete: (state: TableState) => void,
): StreamWork {
  const { client, rewriter, warnings, recorder, laid, tick } = work;
  const { baseline } = work.site.paths;
  return { client, rewriter, connection, baseline, signal, warnings, recorder, laid, tick, complete };
}
