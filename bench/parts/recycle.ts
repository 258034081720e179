import { setTimeout as sleep } from 'node:timers/promises';
import { createKubernetesRuntime } from '../../src/runtime/kubernetes/runtime.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import type { ProvisionLease, ProvisionRequest } from '../../src/runtime/leases.ts';
import { workContext } from '../../test/support/work.ts';
import { median, seconds } from '../measure.ts';
import { withNamespace } from '../namespace.ts';
import type { Row } from '../table.ts';

const RUNS = 7;

/** What it takes until a unit whose clone has ended is ready again, by both ways, turn by turn. */
export async function recycleRows(): Promise<Row[]> {
  return withNamespace(async ({ environment }) => {
    const { WPCLONE_KUBERNETES_NAMESPACE: namespace, WPCLONE_KUBERNETES_IMAGE: image } = environment;
    const deps = { ...workContext(), version: 'bench', insideCluster: false, host: 'bench' };
    const runtime = await createKubernetesRuntime({ namespace, image }, deps);
    try {
      // The first pod of a namespace takes longer: its node gets to know what it mounts.
      await replaced(runtime);
      const rounds: { again: number; anew: number }[] = [];
      for (let run = 0; run < RUNS; run += 1)
        rounds.push({ again: await usedAgain(runtime), anew: await replaced(runtime) });
      return [
        {
          what: 'Kubernetes: a unit after its clone, reset and proven clean',
          ours: `${median(rounds.map(({ again }) => again)).toFixed(2)} s`,
          beside: `${median(rounds.map(({ anew }) => anew)).toFixed(2)} s, deleted and made anew`,
          ratio: `${median(rounds.map(({ again, anew }) => again / anew)).toFixed(2)} ×`,
        },
      ];
    } finally {
      await runtime.close?.();
    }
  });
}

async function usedAgain(runtime: Runtime): Promise<number> {
  const { unit } = await ended(runtime);
  const time = await seconds(async () => {
    const findings = (await runtime.units.recycle?.(unit, workContext())) ?? [];
    const bad = findings.filter(({ ok }) => !ok).map(({ check, detail }) => `${check} ${detail}`);
    if (bad.length > 0) throw new Error(`The unit is not clean: ${bad.join(', ')}`);
  });
  await runtime.units.retire(unit, workContext());
  return time;
}

async function replaced(runtime: Runtime): Promise<number> {
  const { clone } = await ended(runtime);
  let next = '';
  const time = await seconds(async () => {
    await runtime.remove(clone, workContext());
    next = (await runtime.units.make({ recyclable: true }, workContext())).name;
  });
  await runtime.units.retire(next, workContext());
  return time;
}

/** A unit of the pool whose clone's time is over. */
async function ended(runtime: Runtime): Promise<{ unit: string; clone: string }> {
  const { name: unit } = await runtime.units.make({ recyclable: true }, workContext());
  const clone = `bench-${unit.slice(-6)}`;
  const expiresAt = Date.now() - 1000;
  const asked = { id: clone, sourceUrl: 'http://source.example', expiresAt: Date.now() + 60_000 };
  const lease = await claimed(runtime, asked);
  const { url } = lease.instance;
  const source = { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' };
  const record = { url, source, expiresAt, findings: [], adminUsername: 'me', adminPassword: 'mine' };
  await lease.commit(record, workContext());
  return { unit, clone };
}

/** Once the kubelet says that the unit is ready. */
async function claimed(runtime: Runtime, asked: ProvisionRequest): Promise<ProvisionLease> {
  for (;;) {
    const claim = await runtime.units.claim(asked, workContext());
    if (claim.outcome === 'claimed') return claim.lease;
    await sleep(200);
  }
}
