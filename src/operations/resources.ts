import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { WorkContext } from '../shared/context.ts';
import { packagePath } from '../shared/package-root.ts';
import type { Runtime } from '../runtime/types.ts';
import type { State } from '../state/types.ts';
import type { OperationSettings } from './types.ts';

/** The state and the runtime, each opened at its first use and only then loaded. */
export interface Resources {
  state(context: WorkContext): Promise<State>;
  runtime(context: WorkContext): Promise<Runtime>;
  close(): Promise<void>;
}

/** Nothing is opened yet. Whoever calls this calls `close` at the end. */
export function openResources(settings: OperationSettings): Resources {
  let state: Promise<State> | undefined;
  let runtime: Promise<Runtime> | undefined;
  const resources: Resources = {
    state: (context) => (state ??= open(settings, context)),
    runtime: (context) => (runtime ??= createRuntime(settings, resources, context)),
    async close() {
      await (await runtime)?.close?.();
      (await state)?.close();
    },
  };
  return resources;
}

async function open(settings: OperationSettings, context: WorkContext): Promise<State> {
  const { openState } = await import('../state/open.ts');
  return openState(settings.home, context);
}

async function createRuntime(
  settings: OperationSettings,
  resources: Resources,
  context: WorkContext,
): Promise<Runtime> {
  if (settings.runtime === 'kubernetes') {
    const { createKubernetesRuntime } = await import('../runtime/kubernetes/runtime.ts');
    return createKubernetesRuntime(settings.kubernetes, {
      ...context,
      version: await version(),
      insideCluster: insideCluster(),
    });
  }
  const { createLocalRuntime } = await import('../runtime/local/runtime.ts');
  return createLocalRuntime({
    home: settings.home,
    state: await resources.state(context),
    keeper: [process.execPath, packagePath('bin', 'run.js'), 'keeper'],
    path: settings.environment['PATH'] ?? '',
  });
}

async function version(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(packagePath('package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

/** A pod has its service account here (Kubernetes documentation, "Accessing the Kubernetes API from a Pod"). */
const insideCluster = (): boolean => existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token');
