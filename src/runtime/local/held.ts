import { createInstanceOperations } from '../../instance/operations.ts';
import type { WorkContext } from '../../shared/context.ts';
import type { Instance, ProvisionLease, ResetLease, RestoreLease } from '../leases.ts';
import type { CloneFacts } from '../facts.ts';
import { cloneStateOf } from '../unit-states.ts';
import { earlierClones } from './earlier.ts';
import type { LocalHome } from './home.ts';
import { siteOf } from './instance-site.ts';
import { endLease, type HeldUnit, holds, leaseLost } from './lease.ts';
import { removeTaken } from './remove.ts';
import { serve, serveAnew } from './serve.ts';
import { takeNameOver } from './take-name-over.ts';

/** What is known of the clone in a unit. */
export function factsOf({ state, clone }: HeldUnit, context: Pick<WorkContext, 'now'>): CloneFacts {
  return {
    id: clone.id,
    runtime: 'local',
    state: cloneStateOf(state, clone.expiresAt <= context.now()),
    url: clone.url,
    source: {
      url: clone.sourceUrl,
      wordpressVersion: clone.wordpressVersion ?? '',
      phpVersion: clone.phpVersion ?? '',
    },
    adminUsername: clone.adminUsername ?? '',
    createdAt: clone.createdAt,
    expiresAt: clone.expiresAt,
    findings: clone.findings,
  };
}

/** The unit as an instance of the clone that it holds. */
export function instanceOf(home: LocalHome, unit: HeldUnit, how: Instance['how'], context: WorkContext): Instance {
  const base = `http://127.0.0.1:${unit.port}`;
  const operations = createInstanceOperations(
    { ...siteOf(home.layout, unit), earlier: () => earlierClones(home, unit) },
    {
      now: context.now,
      sleep: context.sleep,
      randomBytes: context.randomBytes,
      base,
      freeze: () => serveAnew(home, unit, context),
      thaw: () => serve(home, unit, context),
    },
  );
  const php = unit.phpVersion === null ? {} : { php: unit.phpVersion };
  return { id: unit.clone.id, url: base, how, ...php, operations };
}

/** The lease of a unit that this job is making a clone in. `keep` starts what ends clones in time. */
export function provisionLease(
  home: LocalHome,
  unit: HeldUnit,
  how: Instance['how'],
  keep: () => void,
  context: WorkContext,
  replaces?: string,
): ProvisionLease {
  return {
    ...leaseOf(home, unit, how, context),
    purpose: 'provision',
    async commit(record, work) {
      const clone = {
        url: record.url,
        sourceUrl: record.source.url,
        wordpressVersion: record.source.wordpressVersion,
        phpVersion: record.source.phpVersion,
        adminUsername: record.adminUsername,
        adminPassword: record.adminPassword,
        expiresAt: record.expiresAt,
        findings: record.findings,
      };
      const changes = { state: 'READY', clone } as const;
      const ready =
        replaces === undefined
          ? await endLease(home, unit, changes)
          : await takeNameOver(home, unit, replaces, changes, work);
      if (!holds(ready)) throw leaseLost(unit.clone.id);
      keep();
      return factsOf(ready, work);
    },
    async remove(work) {
      const seen = await home.state.units.find(unit.name);
      if (seen?.epoch === unit.epoch) await removeTaken(home, seen, { ...work, jobId: context.jobId });
    },
  };
}

/** The lease of a unit whose clone this job resets. */
export function resetLease(home: LocalHome, unit: HeldUnit, keep: () => void, context: WorkContext): ResetLease {
  return {
    ...leaseOf(home, unit, 'created', context),
    purpose: 'reset',
    async commit(work) {
      const ready = await endLease(home, unit, { state: 'READY' });
      if (!holds(ready)) throw leaseLost(unit.clone.id);
      keep();
      return factsOf(ready, work);
    },
  };
}

/** The lease of a unit whose clone this job only reads. */
export const restoreLease = (home: LocalHome, unit: HeldUnit, context: WorkContext): RestoreLease => ({
  ...leaseOf(home, unit, 'created', context),
  purpose: 'restore',
});

/** While this process lives nobody takes what it has a lease of: `lost` never aborts. */
function leaseOf(home: LocalHome, unit: HeldUnit, how: Instance['how'], context: WorkContext) {
  return {
    jobId: context.jobId,
    cloneId: unit.clone.id,
    epoch: unit.epoch,
    instance: instanceOf(home, unit, how, context),
    lost: new AbortController().signal,
    release: async (): Promise<void> => {
      await endLease(home, unit, {});
    },
  };
}
