import type { WorkContext } from '../shared/context.ts';
import { packagePath } from '../shared/package-root.ts';
import type { OperationSettings } from './settings.ts';

/** The command that removes local clones at their end. */
export const keeperCommand = (): readonly [string, ...string[]] => [
  process.execPath,
  packagePath('bin', 'run.js'),
  'keeper',
];

/** Removes local clones at their end until none is left; the detached process behind `wpclone keeper`. */
export async function keepLocalClones(
  settings: Pick<OperationSettings, 'home' | 'environment' | 'sourcesLimit' | 'keepRows'>,
  context: WorkContext,
): Promise<void> {
  const [{ openState }, { runKeeper }, { localLayout }] = await Promise.all([
    import('../state/open.ts'),
    import('../runtime/local/keeper.ts'),
    import('../runtime/local/layout.ts'),
  ]);
  const state = openState(settings.home, context);
  try {
    const { home, environment } = settings;
    const local = { layout: localLayout(home), state, path: environment['PATH'] ?? '', ...kept(settings) };
    await runKeeper(local, context);
  } finally {
    state.close();
  }
}

/** Leaves local clones to a keeper, for a process that has kept them itself until now. */
export async function startKeeper(
  settings: Pick<OperationSettings, 'home' | 'sourcesLimit' | 'keepRows'>,
): Promise<void> {
  const [{ ensureKeeper, keptVariables }, { localLayout }] = await Promise.all([
    import('../runtime/local/keeper.ts'),
    import('../runtime/local/layout.ts'),
  ]);
  ensureKeeper(localLayout(settings.home), keeperCommand(), keptVariables(kept(settings)));
}

const kept = ({ sourcesLimit, keepRows }: Pick<OperationSettings, 'sourcesLimit' | 'keepRows'>) => ({
  ...(sourcesLimit === undefined ? {} : { storesLimit: sourcesLimit }),
  ...(keepRows === undefined ? {} : { keepRows }),
});
