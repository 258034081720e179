import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Runtime } from '../../src/runtime/types.ts';
import { makeReady } from '../support/make-ready.ts';
import { betweenApiServer, type BetweenApiServer } from './between-api-server.ts';
import { cloneId, context, IMAGE, type TestNamespace } from './support.ts';

const CHILD = join(import.meta.dirname, '../support/provision-child.ts');

/** Before the call is passed on, so that it never happens; or once it was answered, so that nobody hears of it. */
export type Moment = 'before' | 'after';
/** Whether this is the call at which the job dies; `index` counts its calls from 0. */
export type Cut = (call: string, index: number) => boolean;

/** A clone whose job may have died while it was made. */
export interface Attempt {
  readonly id: string;
  readonly jobId: string;
  /** The job's calls in their order, up to the one at which it died. */
  readonly calls: readonly string[];
  readonly killed: boolean;
}

/** Jobs of an agent that are killed at one of their calls to the cluster, and what becomes of what they had taken. */
export function useKilledClaims(namespace: TestNamespace) {
  let runtime: Runtime;
  let between: BetweenApiServer;
  let child: ChildProcess | undefined;
  let planned: { readonly cut: Cut; readonly moment: Moment } | undefined;
  let calls: string[] = [];

  beforeAll(async () => {
    runtime = await namespace.runtime();
    between = await betweenApiServer(({ call, pass }) => {
      const isIt = planned?.cut(call, calls.length) === true;
      // What it has on its way beside that call happens or not, as when a process dies.
      if (child?.killed === true) return;
      calls.push(call);
      if (isIt && planned?.moment === 'before') {
        child?.kill('SIGKILL');
        return;
      }
      pass(() => {
        if (!isIt) return 'passes';
        child?.kill('SIGKILL');
        return 'is lost';
      });
    });
  });
  afterAll(() => between.stop());

  /** Pods that hold the clone. */
  const holders = async (id: string) =>
    (await runtime.units.list(context()))
      .filter(({ cloneId: held }) => held === id)
      .map(({ name, state }) => ({ name, state }));

  return {
    holders,
    /** One that waits for a clone. */
    warm: async (): Promise<string> => (await runtime.units.make({}, context())).name,
    async attempt(cut: Cut, moment: Moment): Promise<Attempt> {
      [planned, calls] = [{ cut, moment }, []];
      const [id, jobId] = [cloneId('killed'), context().jobId];
      child = spawn(process.execPath, [CHILD, between.kubeconfig, namespace.name, IMAGE, id, jobId], {
        stdio: 'ignore',
      });
      await once(child, 'exit');
      return { id, jobId, calls, killed: child.killed };
    },
    /** What the next attempt of the job does: how it got its unit, or that there was nothing to be done any more. */
    async goOn({ id, jobId }: Attempt): Promise<'warm' | 'created' | 'taken-up' | 'done'> {
      if ((await holders(id)).some(({ state }) => state === 'READY')) return 'done';
      return makeReady(runtime, id, context({ jobId }));
    },
    /** What an agent does when nobody goes on with the job. */
    takeBack: ({ jobId }: Attempt) => runtime.takeBack((job) => job === jobId, context()),
    /** Somebody else who wants a unit that is ready, and gives it up: the name of the one that he got. */
    async rival(): Promise<string | undefined> {
      const claimed = await runtime.units.claim(
        { id: cloneId('rival'), sourceUrl: 'http://source.example', expiresAt: Date.now() + 3_600_000 },
        context(),
      );
      if (claimed.outcome !== 'claimed') return undefined;
      const name = await namespace.podName(claimed.lease.cloneId);
      await claimed.lease.remove(context());
      return name;
    },
    /** Leaves nothing. */
    async clear(): Promise<void> {
      for (const { id } of await runtime.list(context())) await runtime.remove(id, context());
      for (const { name, cloneId: held } of await runtime.units.list(context()))
        if (held === undefined) await runtime.units.retire(name, context());
    },
  };
}
