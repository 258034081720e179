import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { seconds } from '../shared/format.ts';
import type { Instance, ProvisionLease, Runtime } from '../runtime/types.ts';
import type { ClonePlan } from './clone.ts';
import { cloneName, spareName } from './names.ts';
import type { Pipeline } from './pipeline.ts';

const HOW: Readonly<Record<Instance['how'], (kind: Runtime['kind']) => string>> = {
  created: (kind) => `${kind} instance`,
  warm: (kind) => `warm ${kind} instance`,
  'taken-up': (kind) => `${kind} instance of the attempt that was cut off, with what it holds by now, taken up`,
};

/** How often a generated name that turns out to be taken is replaced. */
const NAME_ATTEMPTS = 5;

/** Takes or makes an instance for the clone, which is removed again when anything fails later. Throws NAME_TAKEN, REPLACE_UNSUPPORTED. */
export function provision(
  pipeline: Pipeline,
  plan: ClonePlan,
  runtime: Runtime,
  phpVersion: Promise<string | undefined>,
): Promise<ProvisionLease> {
  return pipeline.step('provision', async ({ work }) => {
    const started = work.now();
    const replaced = plan.replace === true && plan.name !== undefined && (await isTaken(runtime, plan.name, work));
    for (let attempt = 1; ; attempt += 1) {
      const id = nameOf(plan, replaced, work);
      const expiresAt = started + plan.ttlSeconds * 1000;
      try {
        const php = plan.php === undefined ? {} : { php: plan.php };
        const replaces = replaced && plan.name !== undefined ? { replaces: plan.name } : {};
        const request = { id, sourceUrl: plan.url, expiresAt, phpVersion, ...php, ...replaces };
        const value = await runtime.provision(request, work);
        pipeline.onUndo('provision', `removing ${id}`, (undo) => removeAgain(value, undo));
        pipeline.cancelWith(value.lost);
        return {
          value,
          message: `${HOW[value.instance.how](runtime.kind)} in ${seconds((work.now() - started) / 1000)}`,
        };
      } catch (error) {
        const taken = error instanceof WpcloneError && error.code === 'NAME_TAKEN';
        if (!taken || (plan.name !== undefined && !replaced) || attempt === NAME_ATTEMPTS) throw error;
      }
    }
  });
}

const isTaken = async (runtime: Runtime, name: string, context: WorkContext): Promise<boolean> =>
  (await runtime.list(context)).some(({ id }) => id === name);

/** One that replaces another is made beside it, under a name of its own. */
function nameOf({ name, url }: ClonePlan, replaced: boolean, { randomBytes }: WorkContext): string {
  if (name === undefined) return cloneName(url, randomBytes);
  return replaced ? spareName(name, randomBytes) : name;
}

async function removeAgain(lease: ProvisionLease, context: WorkContext): Promise<void> {
  try {
    await lease.remove(context);
  } catch (error) {
    const why = toWpcloneError(error).message;
    const message = `${lease.cloneId} could not be removed; the next wpclone command tries again, and wpclone gc. ${why}`;
    context.emit({ type: 'warning', code: 'REMOVAL_FAILED', message });
    throw error;
  }
}
