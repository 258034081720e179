import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { WorkContext } from '../shared/context.ts';
import { packageVersion } from '../shared/package-root.ts';
import type { Runtime } from '../runtime/types.ts';
import type { State } from '../state/types.ts';
import { keeperCommand } from './keeper.ts';
import type { OperationSettings } from './settings.ts';

/** The state and the runtime, each opened at its first use and only then loaded. */
export interface Resources {
  state(context: WorkContext): Promise<State>;
  runtime(context: WorkContext): Promise<Runtime>;
  close(): Promise<void>;
}

/** Nothing is opened yet. Whoever calls this calls `close` at the end. */
export function openResources(settings: OperationSettings): Resources {
  const state = opened((context) => openStateOf(settings, context));
  const runtime = opened((context) => createRuntime(settings, state.get, context));
  return {
    state: state.get,
    runtime: runtime.get,
    async close() {
      await (await runtime.present())?.close?.();
      (await state.present())?.close();
    },
  };
}

/** Opens something once, at its first use; where that failed, the next use tries again. */
function opened<T>(open: (context: WorkContext) => Promise<T>) {
  let opening: Promise<T> | undefined;
  return {
    get: (context: WorkContext): Promise<T> => {
      opening ??= open(context).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    /** What is open; undefined when nothing is. */
    present: (): Promise<T | undefined> => Promise.resolve(opening).catch(() => undefined),
  };
}

async function openStateOf(settings: OperationSettings, context: WorkContext): Promise<State> {
  const { openState } = await import('../state/open.ts');
  return openState(settings.home, context);
}

async function createRuntime(
  settings: OperationSettings,
  state: Resources['state'],
  context: WorkContext,
): Promise<Runtime> {
  if (settings.runtime === 'kubernetes') {
    const { createKubernetesRuntime } = await import('../runtime/kubernetes/runtime.ts');
    return createKubernetesRuntime(settings.kubernetes, {
      ...context,
      version: await packageVersion(),
      insideCluster: insideCluster(),
      host: hostname(),
    });
  }
  const { createLocalRuntime } = await import('../runtime/local/runtime.ts');
  return createLocalRuntime({
    home: settings.home,
    state: await state(context),
    keeper: keeperCommand(),
    path: settings.environment['PATH'] ?? '',
    ...(settings.sourcesLimit === undefined ? {} : { storesLimit: settings.sourcesLimit }),
    ...(settings.keepRows === undefined ? {} : { keepRows: settings.keepRows }),
  });
}

/** A pod has its service account here (Kubernetes documentation, "Accessing the Kubernetes API from a Pod"). */
const insideCluster = (): boolean => existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token');
