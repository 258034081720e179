import { awaitUnit } from '../pool/await-unit.ts';
import { bareUrl, parseAddress } from '../site/connect/address.ts';
import type { Runtime } from '../runtime/types.ts';
import type { Instance, ProvisionLease } from '../runtime/leases.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { seconds } from '../shared/format.ts';
import { cloneName, spareName } from './names.ts';
import type { Pipeline } from './pipeline.ts';

export interface Provisioned {
  readonly lease: ProvisionLease;
  /**
   * `warm`: its instance was ready; `waited`: it became ready while the clone waited for it; `made`: it was made for the clone;
   * `taken-up`: an earlier attempt of the same job had it.
   */
  readonly unit: 'warm' | 'waited' | 'made' | 'taken-up';
}

/** What of a clone's plan says which instance it needs. */
interface Named {
  readonly url: string;
  readonly name?: string;
  readonly ttlSeconds: number;
  readonly php?: string;
  readonly replace?: boolean;
}

const FROM = { warm: 'warm', created: 'made', 'taken-up': 'taken-up' } as const satisfies Record<
  Instance['how'],
  string
>;
const HOW: Readonly<Record<Provisioned['unit'], (kind: Runtime['kind']) => string>> = {
  made: (kind) => `${kind} instance`,
  warm: (kind) => `warm ${kind} instance`,
  waited: (kind) => `warm ${kind} instance, waited for,`,
  'taken-up': (kind) => `${kind} instance of the attempt that was cut off, with what it holds by now, taken up`,
};

/** How often a generated name that turns out to be taken is replaced. */
const NAME_ATTEMPTS = 5;

/**
 * An instance of the clone's own: one that is ready, or about to be, or one that is made for it; it is removed again when anything fails
 * later. With no name in the plan it gets one that is free. Throws NAME_TAKEN, REPLACE_UNSUPPORTED.
 */
export function provision(
  pipeline: Pipeline,
  plan: Named,
  runtime: Runtime,
  phpVersion: Promise<string | undefined>,
): Promise<Provisioned> {
  return pipeline.step('provision', async ({ work }) => {
    const started = work.now();
    // As typed it may hold blanks, or a page that somebody copied.
    const sourceUrl = parseAddress(plan.url).map(bareUrl)[0] ?? plan.url;
    const replaced = plan.replace === true && plan.name !== undefined && (await isTaken(runtime, plan.name, work));
    for (let attempt = 1; ; attempt += 1) {
      const id = nameOf(plan, replaced, attempt, work);
      const expiresAt = started + plan.ttlSeconds * 1000;
      try {
        const php = plan.php === undefined ? {} : { php: plan.php };
        const replaces = replaced && plan.name !== undefined ? { replaces: plan.name } : {};
        const request = { id, sourceUrl, expiresAt, phpVersion, ...php, ...replaces };
        const waited = await awaitUnit(runtime.units, plan.php, work);
        const lease = await runtime.provision(request, work);
        pipeline.onUndo('provision', `removing ${id}`, (undo) => removeAgain(lease, undo));
        pipeline.cancelWith(lease.lost);
        const unit = waited && lease.instance.how === 'warm' ? 'waited' : FROM[lease.instance.how];
        const message = `${HOW[unit](runtime.kind)} in ${seconds((work.now() - started) / 1000)}`;
        return { value: { lease, unit }, message };
      } catch (error) {
        const taken = error instanceof WpcloneError && error.code === 'NAME_TAKEN';
        if (!taken || (plan.name !== undefined && !replaced) || attempt === NAME_ATTEMPTS) throw error;
      }
    }
  });
}

/** What an earlier attempt of this job was making under the name is no other clone: it is taken up. */
const isTaken = async ({ units }: Runtime, name: string, context: WorkContext): Promise<boolean> =>
  (await units.list(context)).some(
    ({ cloneId, jobId, state }) => cloneId === name && !(jobId === context.jobId && state === 'ASSIGNED'),
  );

/** One that replaces another is made beside it, under a name of its own. */
function nameOf({ name, url }: Named, replaced: boolean, attempt: number, { randomBytes, jobId }: WorkContext): string {
  if (name === undefined) return cloneName(url, randomBytes);
  return replaced ? spareName(name, jobId, attempt) : name;
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
