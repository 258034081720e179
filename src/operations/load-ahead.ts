import type { RuntimeKind } from '../runtime/facts.ts';

/** Loads the code of a clone, which is otherwise loaded part by part when each is first needed: for a process that waits for its work. */
export async function loadAhead(runtime: RuntimeKind): Promise<void> {
  await Promise.all([
    import('../engine/clone.ts'),
    import('../state/open.ts'),
    runtime === 'kubernetes' ? import('../runtime/kubernetes/runtime.ts') : loadLocal(),
    import('../site/connect/connect.ts'),
    import('../site/client.ts'),
    import('../site/look-at-source.ts'),
  ]);
}

/** On this machine the transfer is done by the same process. */
async function loadLocal(): Promise<void> {
  const [{ loadMaking }] = await Promise.all([
    import('../instance/operations.ts'),
    import('../runtime/local/runtime.ts'),
  ]);
  await loadMaking();
}
