import type { WorkContext } from '../shared/context.ts';
import { packagePath } from '../shared/package-root.ts';
import type { OperationSettings } from './types.ts';

/** The command that removes local clones at their end. */
export const keeperCommand = (): readonly [string, ...string[]] => [
  process.execPath,
  packagePath('bin', 'run.js'),
  'keeper',
];

/** Removes local clones at their end until none is left; the detached process behind `wpclone keeper`. */
export async function keepLocalClones(
  settings: Pick<OperationSettings, 'home' | 'environment' | 'sourcesLimit'>,
  context: WorkContext,
): Promise<void> {
  const [{ openState }, { runKeeper }, { localLayout }] = await Promise.all([
    import('../state/open.ts'),
    import('../runtime/local/keeper.ts'),
    import('../runtime/local/layout.ts'),
  ]);
  const state = openState(settings.home, context);
  try {
    const { home, environment, sourcesLimit } = settings;
    const limit = sourcesLimit === undefined ? {} : { storesLimit: sourcesLimit };
    await runKeeper({ layout: localLayout(home), state, path: environment['PATH'] ?? '', ...limit }, context);
  } finally {
    state.close();
  }
}

/** Leaves local clones to a keeper, for a process that has kept them itself until now. */
export async function startKeeper({
  home,
  sourcesLimit,
}: Pick<OperationSettings, 'home' | 'sourcesLimit'>): Promise<void> {
  const [{ ensureKeeper, STORES_LIMIT_VARIABLE }, { localLayout }] = await Promise.all([
    import('../runtime/local/keeper.ts'),
    import('../runtime/local/layout.ts'),
  ]);
  const limit: Record<string, string> = {};
  if (sourcesLimit !== undefined) limit[STORES_LIMIT_VARIABLE] = String(sourcesLimit);
  ensureKeeper(localLayout(home), keeperCommand(), limit);
}
