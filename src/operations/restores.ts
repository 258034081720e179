import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { Drift } from '../site/write/answers.ts';
import type { RestoreRow, State } from '../state/types.ts';
import type { Resources } from './resources.ts';
import { createWritePort } from './sources.ts';
import { receiptText, restoreReport } from './restore-reports.ts';
import type { Credentials, KeptItem, RestoreOperations, WrittenRequest } from './types.ts';
import type { OperationSettings } from './settings.ts';

/** Receipts are kept in the state; the site is asked only to change something. */
export function createRestoreOperations(
  settings: OperationSettings,
  resources: Pick<Resources, 'state'>,
): RestoreOperations {
  const port = async (id: string, request: WrittenRequest, credentials: Credentials, context: WorkContext) => {
    const state = await resources.state(context);
    const known = await state.restores.find(id);
    const url = request.to ?? known?.url;
    if (url === undefined) throw unknownRestore(id);
    return {
      known: known ?? { id, url, cloneId: null, status: 'applied', madeAt: context.now(), receipt: '{}' },
      state,
      port: createWritePort({ ...request, ...credentials, url }, settings, state),
    };
  };
  return {
    async list(context) {
      const state = await resources.state(context);
      return (await state.restores.list()).map(restoreReport);
    },

    async show(id, context) {
      const state = await resources.state(context);
      const row = await state.restores.find(id);
      if (!row) throw unknownRestore(id);
      return restoreReport(row);
    },

    async undo(id, only, request, credentials, context) {
      const { known, state, port: to } = await port(id, request, credentials, context);
      const { undoRestore } = await import('../engine/written.ts');
      const { url, undone } = await undoRestore({ restore: id, only }, to, context).catch(forgetting(id, state));
      const row: RestoreRow = { ...known, url, status: undone.state, receipt: receiptText(undone) };
      await state.restores.save(row);
      return { ...restoreReport(row), undone: undone.undone?.items ?? 0, kept: keptItems(undone.kept) };
    },

    async accept(id, request, credentials, context) {
      const { known, state, port: to } = await port(id, request, credentials, context);
      const { acceptRestore } = await import('../engine/written.ts');
      const { url } = await acceptRestore(id, to, context).catch(forgetting(id, state));
      const row: RestoreRow = { ...known, url, status: 'accepted' };
      await state.restores.save(row);
      return restoreReport(row);
    },
  };
}

function keptItems(kept: readonly Drift[]): KeptItem[] {
  const items = new Map<string, { readonly title: string; readonly why: Set<Drift['why']> }>();
  for (const { item, title, why } of kept) {
    const one = items.get(item) ?? { title, why: new Set() };
    one.why.add(why);
    items.set(item, one);
  }
  return [...items].map(([item, { title, why }]) => ({ item, title, why: [...why] }));
}

/** A restore of which its site has nothing is none. One that was undone or accepted from here stays in the list. */
const forgetting =
  (id: string, state: State) =>
  async (error: unknown): Promise<never> => {
    const row =
      error instanceof WpcloneError && error.code === 'RESTORE_GONE' ? await state.restores.find(id) : undefined;
    if (row && row.status !== 'undone' && row.status !== 'accepted') await state.restores.remove(id);
    throw error;
  };

/** RESTORE_GONE, in the same words wherever a restore is looked for. */
export const unknownRestore = (id: string): WpcloneError =>
  new WpcloneError('RESTORE_GONE', `No restore ${id} is known here; name its site with --to URL.`);
