import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startSource } from '../../test/support/source/index.ts';
import { makeTemp } from '../../test/support/temp.ts';
import { createHome } from '../home.ts';
import { HOST, withNamespace } from '../namespace.ts';
import type { Row } from '../table.ts';
import { at, said, saidSeconds, timed, type Times } from './figures.ts';
import { ended, type Running, withAgent } from './process.ts';

const run = promisify(execFile);
const CLAIMERS = join(import.meta.dirname, '../../test/support/claim-child.ts');
const ROUNDS = 2_000;
const PROCESSES = 4;
const MANY = 10;
const FRESH = 10;
/** Of units, for whoever comes next has one too: then the pool waits with making another one beside a clone that has just begun. */
const POOL = 2;
const LOOK = 20;

/** What each of twenty took to get a unit, who all want the one that there is. */
export async function claimRows(): Promise<Row[]> {
  const home = makeTemp('claims');
  const child = async (claimers: number): Promise<readonly { took: number }[]> => {
    const { stdout } = await run(process.execPath, [CLAIMERS, home, String(claimers), String(ROUNDS)], {
      maxBuffer: 2 ** 26,
    });
    return JSON.parse(stdout);
  };
  await child(0);
  const got = (await Promise.all(Array.from({ length: PROCESSES }, () => child(5)))).flat();
  const times = got.map(({ took }) => took);
  const what = `agent, claim of a unit, 20 claimers in ${PROCESSES} processes, ${ROUNDS} rounds`;
  return [{ what, ours: `${said(times)} (goal: p99 50 ms)`, beside: '', ratio: '' }];
}

/** Ten units beside one; on this machine, and where there is a cluster on that. */
export async function refillRows(): Promise<Row[]> {
  const local = await onThisMachine();
  if (process.env['KUBECONFIG'] === undefined) return [local];
  const there = await withNamespace(({ home: { folder }, environment }) =>
    withAgent({ home: folder, jobs: 1, environment }, (agent) => refill(agent, 'on the cluster')),
  );
  return [local, there];
}

async function onThisMachine(): Promise<Row> {
  const home = createHome();
  try {
    return await withAgent({ home: home.folder, jobs: 1 }, (agent) => refill(agent, 'on this machine'));
  } finally {
    await home.remove();
  }
}

async function refill(agent: Running, where: string): Promise<Row> {
  // Once before: servers start, and the node reads the image.
  await filled(agent, 1);
  const one = await filled(agent, 1);
  const ten = await filled(agent, MANY);
  await emptied(agent);
  return {
    what: `agent, refill of ${MANY} units ${where}`,
    ours: `${(ten / 1000).toFixed(2)} s`,
    beside: `${(one / 1000).toFixed(2)} s for one`,
    ratio: `${(ten / one).toFixed(2)} ×`,
  };
}

/** Milliseconds until an empty pool has so many units that wait for clones. */
async function filled(agent: Running, units: number): Promise<number> {
  await emptied(agent);
  await agent.call('PUT', '/api/v2/pool', { min: units, max: units, most: 2 * MANY });
  const start = performance.now();
  await agent.call('POST', '/api/v2/pool/resume');
  await until(agent, (pool) => pool.sub_pools.reduce((sum, { warm }) => sum + warm, 0) >= units);
  return performance.now() - start;
}

async function emptied(agent: Running): Promise<void> {
  await agent.call('POST', '/api/v2/pool/drain');
  await until(agent, ({ units }) => units.length === 0);
}

interface Pool {
  readonly sub_pools: readonly { readonly warm: number }[];
  readonly units: readonly object[];
}

async function until(agent: Running, holds: (pool: Pool) => boolean): Promise<void> {
  for (;;) {
    const { sub_pools = [], units = [] }: Partial<Pool> = await agent.call('GET', '/api/v2/pool');
    if (holds({ sub_pools, units })) return;
    await sleep(LOOK);
  }
}

/** A fresh site through the API, from the call to the clone: from the pool, and with nothing ready; turn by turn. */
export async function freshFromPoolRows(): Promise<Row[]> {
  const source = await startSource({ host: HOST });
  try {
    const { warm, cold } = await withNamespace(({ home: { folder }, environment }) =>
      withAgent({ home: folder, jobs: 4, environment }, async (agent) => {
        const times: { warm: Times; cold: Times } = { warm: [], cold: [] };
        const clone = async (from: keyof typeof times): Promise<void> => {
          let id: unknown;
          await timed(times[from], async () => {
            const { job_id: job } = await agent.call('POST', '/api/v2/clone', {
              source_url: source.url,
              source_username: source.adminUser,
              source_password: source.adminPassword,
            });
            const { status, clone_id: made, error } = await ended(agent, String(job));
            if (status !== 'completed') throw new Error(JSON.stringify(error));
            id = made;
          });
          await agent.call('DELETE', `/api/v2/delete/${String(id)}`);
        };
        for (let n = 0; n < FRESH; n += 1) {
          await emptied(agent);
          await clone('cold');
          await filled(agent, POOL);
          await clone('warm');
        }
        await emptied(agent);
        return times;
      }),
    );
    return [
      {
        what: `agent, Kubernetes: fresh site through the API, from a pool of ${POOL}`,
        ours: `${saidSeconds(warm)} (goal: p95 2.2 s)`,
        beside: `${saidSeconds(cold)}, nothing ready`,
        ratio: `${(at(warm, 0.5) / at(cold, 0.5)).toFixed(2)} × (p50)`,
      },
    ];
  } finally {
    await source.stop();
  }
}
