import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, HOST, useNamespace } from '../cluster/support.ts';
import { useCommands } from '../cluster/commands.ts';
import { jobStatusAnswer } from '../../src/agent/http/answers.ts';
import { type AgentProcess, type JobStatus, startAgent } from '../support/agent-process.ts';
import { startSource, type Source } from '../support/source/index.ts';

const AT_ONCE = 10;
const CLONES = 50;
/** Seconds between two clones; fifty of them take twenty minutes. WPCLONE_PACE says otherwise. */
const PACE = Number(process.env['WPCLONE_PACE'] ?? 24);
/** Milliseconds for a clone; the last of ten waits for the others. */
const PATIENCE = 600_000;
const REASON = 'KUBECONFIG names no cluster';

const said = (times: readonly number[]): string => {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)} s`;
};

describe.skipIf(process.env['KUBECONFIG'] === undefined)(
  `clones of an agent on a cluster (skipped where ${REASON})`,
  () => {
    const namespace = useNamespace('paced');
    const commands = useCommands(namespace);
    let source: Source;
    let agent: AgentProcess;
    beforeAll(async () => {
      source = await startSource({ host: HOST, posts: 3 });
      agent = await startAgent(commands, ['--jobs', String(AT_ONCE)], () => undefined);
    });
    afterAll(async () => {
      await agent.end('SIGTERM');
      await source.stop();
    });

    async function ask(name: string): Promise<string> {
      const { status, body } = await agent.call('POST', '/api/v2/clone', {
        source_url: source.url,
        source_username: source.adminUser,
        source_password: source.adminPassword,
        customer_id: name,
        ttl_minutes: 1,
      });
      expect(status).toBe(202);
      return String(body['job_id']);
    }
    /** How a job ended. It is asked for by a call that waits: fifty that look again and again are more than one caller may. */
    async function end(id: string): Promise<JobStatus> {
      for (const until = Date.now() + PATIENCE; ;) {
        const { body } = await agent.call('GET', `/api/v2/job-status/${id}?wait=30`);
        const job = jobStatusAnswer.parse(body);
        if (job.status === 'completed' || job.status === 'failed') return job;
        if (Date.now() > until) throw new Error(`It never ended: ${JSON.stringify(job)}`);
      }
    }
    const nothingLeft = async (): Promise<void> => {
      const left = async () => (await namespace.belongings()).join(' ');
      await eventually(async () => ((await left()) === '' ? true : undefined), `nothing is left`, 240_000);
    };
    const pool = async (what: 'drain' | 'resume'): Promise<void> => {
      expect((await agent.call('POST', `/api/v2/pool/${what}`)).status).toBe(200);
    };

    it(`${AT_ONCE} that are asked for at once all end well`, async () => {
      const ids = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => ask(`at-once-${n}`)));
      const jobs = await Promise.all(ids.map(end));
      expect(jobs.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
      await pool('drain');
      await nothingLeft();
      await pool('resume');
    });

    it(`of ${CLONES} one after another, ${PACE} s apart, 95 % find an instance that is ready, and nothing is left of them`, async () => {
      const warm = async (): Promise<true | undefined> => {
        const { body } = await agent.call('GET', '/api/v2/pool');
        const pools = Array.isArray(body['sub_pools']) ? body['sub_pools'] : [];
        return pools.some((each: { warm: number }) => each.warm > 0) ? true : undefined;
      };
      await eventually(warm, 'the pool is filled', 120_000);
      const start = performance.now();
      const asked: Promise<{ readonly job: JobStatus; readonly seconds: number }>[] = [];
      for (let n = 0; n < CLONES; n += 1) {
        await sleep(Math.max(0, start + n * PACE * 1000 - performance.now()));
        const began = performance.now();
        const id = await ask(`paced-${n}`);
        asked.push(end(id).then((job) => ({ job, seconds: (performance.now() - began) / 1000 })));
      }
      const all = await Promise.all(asked);
      expect(all.map(({ job }) => job.error ?? job.status)).toEqual(all.map(() => 'completed'));
      const units = new Map<unknown, number>();
      for (const { job } of all) {
        const { unit }: { unit?: unknown } = { ...job.result };
        units.set(unit, (units.get(unit) ?? 0) + 1);
      }
      const times = all.map(({ seconds }) => seconds);
      console.log(`${CLONES} clones, ${PACE} s apart: ${JSON.stringify([...units])}, ${said(times)}`);
      await pool('drain');
      await nothingLeft();
      const fromPool = (units.get('warm') ?? 0) + (units.get('waited') ?? 0);
      expect(fromPool / CLONES).toBeGreaterThanOrEqual(0.95);
    });
  },
);
