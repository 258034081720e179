import type { WorkContext } from '../shared/context.ts';
import type { OperationSettings } from './types.ts';

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
