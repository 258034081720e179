import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPoolKeeper } from '../../src/pool/keeper.ts';
import { createPoolMemory } from '../../src/pool/memory.ts';
import { newNote } from '../../src/pool/note.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import { betweenApiServer, type BetweenApiServer } from '../cluster/between-api-server.ts';
import { inDatabase, inside } from '../cluster/inside.ts';
import { context, eventually, IMAGE, killContainer, request, useNamespace } from '../cluster/support.ts';

const CHILD = join(import.meta.dirname, '../support/recycle-child.ts');
const UNITS = 5;
/** Recyclings of one unit in a row that the kubelet makes no long pauses between. */
const TIMES = 2;

type Moment = 'before' | 'after';
/** One call of a recycling: how it looks, how often such a one comes before it, and whether something happens before it is passed on or when it was answered. */
type Call = readonly [pattern: RegExp, earlier: number, moment: Moment];
/** What a unit is when its keeper dies at that call, and what the next one makes of it. */
type Cut = readonly [at: Call, is: string, becomes: string | undefined];

const POD = /^PATCH .*\/pods\/unit-/;
const SECRET = /^PATCH .*\/secrets\/unit-/;
const BETWEEN: readonly Call[] = [
  [POD, 0, 'after'],
  [/^DELETE .*\/secrets\/wpclone-/, 0, 'before'],
  [/end-of-tenancy$/, 0, 'before'],
  [/end-of-tenancy$/, 0, 'after'],
  [SECRET, 0, 'before'],
  [SECRET, 0, 'after'],
  [/end-of-servers$/, 0, 'before'],
  [/end-of-servers$/, 0, 'after'],
  [/begin-anew$/, 0, 'before'],
  [/begin-anew$/, 0, 'after'],
  [/proxy\/v1\/look$/, 0, 'before'],
  [/proxy\/v1\/left$/, 0, 'after'],
  [POD, 1, 'before'],
];
const CUTS: readonly Cut[] = [
  [[POD, 0, 'before'], 'READY', 'WARM'],
  ...BETWEEN.map((at): Cut => [at, 'RESETTING', undefined]),
  [[POD, 1, 'after'], 'VALIDATING', 'QUARANTINED'],
  [[POD, 2, 'before'], 'VALIDATING', 'QUARANTINED'],
  [[POD, 2, 'after'], 'WARM', 'WARM'],
];
const LEAVE = 'touch /dev/shm/left /wpclone/www/left /tmp/left';

describe.skipIf(process.env['KUBECONFIG'] === undefined)(
  'a unit that is used again (skipped where KUBECONFIG names no cluster)',
  () => {
    const namespace = useNamespace('recycle-kills');
    let runtime: Runtime;
    let between: BetweenApiServer;
    /** What is to happen, once, at which call. */
    let planned: { readonly at: Call; readonly happens: () => Promise<unknown> } | undefined;
    let seen = 0;
    let child: ChildProcess | undefined;

    beforeAll(async () => {
      runtime = await namespace.runtime();
      between = await betweenApiServer(({ call, pass }) => {
        const { at, happens } = planned ?? {};
        const isIt = at?.[0].test(call) === true && seen++ === at[1];
        if (isIt && at[2] === 'before') {
          // What is left of a dead one's call is not passed on.
          void happens?.().then(() => child?.killed !== true && pass());
          return;
        }
        pass(() => {
          if (isIt) void happens?.();
          return 'passes';
        });
      });
    });
    afterAll(() => between.stop());
    const plan = (at: Call, happens: () => Promise<unknown>): void => {
      planned = { at, happens };
      seen = 0;
    };

    /** Undefined once it is gone, or about to be. */
    const stateOf = async (unit: string): Promise<string | undefined> => {
      const { labels, deletionTimestamp } = (await namespace.get(`pods/${unit}`))?.metadata ?? {};
      return deletionTimestamp === undefined ? labels?.['wpclone.dev/state'] : undefined;
    };
    const claim = async () => {
      const claimed = await runtime.units.claim(request(), context());
      return claimed.outcome === 'claimed' ? claimed.lease : undefined;
    };
    /** As if the time of its clone, or of its state, were over. */
    async function overdue(unit: string, ...what: readonly ('expires-at' | 'deadline')[]): Promise<void> {
      const past = new Date(Date.now() - 1000).toISOString();
      const annotations = Object.fromEntries(what.map((each) => [`wpclone.dev/${each}`, past]));
      await namespace.patch(`pods/${unit}`, { metadata: { annotations } });
    }
    /** A clone that has left something, and whose time is over, in a unit that waits for one. */
    async function use(): Promise<string> {
      const lease = await eventually(claim, 'a unit is handed out', 60_000);
      const unit = await namespace.podName(lease.cloneId);
      const source = { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' };
      const facts = { url: lease.instance.url, source, adminUsername: 'me', adminPassword: 'mine', findings: [] };
      await lease.commit({ ...facts, expiresAt: Date.now() + 60_000 }, context());
      await inside(namespace, unit, 'web', LEAVE);
      await inDatabase(namespace, unit, 'CREATE DATABASE leftover');
      await overdue(unit, 'expires-at', 'deadline');
      return unit;
    }
    async function makeAndUse(): Promise<string> {
      const { name } = await runtime.units.make({ recyclable: true }, context());
      expect(await use()).toBe(name);
      return name;
    }
    /** Somebody else keeps the pool, once. */
    async function keep(on: Runtime = runtime): Promise<readonly string[]> {
      const memory = createPoolMemory(newNote(Date.now()));
      const keeper = createPoolKeeper(on.units, context(), { memory });
      const spec = { min: 0, max: UNITS, most: 2 * UNITS, phpVersions: [''], madeAfter: 0, mode: 'running' } as const;
      await keeper.pass({ ...spec, recycle: 'always' });
      await keeper.settled();
      return memory.note().events.map(({ what, why }) => `${what}: ${why}`);
    }
    const recycleInChild = (unit: string): ChildProcess =>
      spawn(process.execPath, [CHILD, between.kubeconfig, namespace.name, IMAGE, unit], { stdio: 'ignore' });
    const leftIn = async (unit: string): Promise<readonly string[]> => {
      const files = await inside(namespace, unit, 'web', 'ls /dev/shm /wpclone/www /tmp');
      return `${files}\n${await inDatabase(namespace, unit, 'SHOW DATABASES')}`.match(/left\w*/g) ?? [];
    };
    /** What whoever gets it next finds in it, or that nobody gets it. */
    async function nextOneFinds(unit: string): Promise<readonly string[] | 'nobody gets it'> {
      if ((await stateOf(unit)) === 'WARM') return leftIn(unit);
      return (await claim()) === undefined ? 'nobody gets it' : ['it was handed out'];
    }

    test.each(CUTS)(
      'is never handed out with anything in it when its keeper is killed at %s, and is ended by the next one',
      async (at, is, becomes) => {
        const name = await makeAndUse();
        plan(at, async () => child?.kill('SIGKILL'));
        child = recycleInChild(name);
        expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
        const [state, found] = [await stateOf(name), await nextOneFinds(name)];
        const clean = (now: string | undefined) => (now === 'WARM' ? [] : 'nobody gets it');
        expect([state, found]).toEqual([is, clean(is)]);
        // Until then it is left alone, since its keeper may still live.
        if (is !== 'WARM') await overdue(name, 'deadline');
        const told = await keep();
        console.log(`${at.join(' ')}: ${is}, then ${becomes ?? 'gone'}: ${told.join('; ')}`);
        expect([await stateOf(name), await nextOneFinds(name)]).toEqual([becomes, clean(becomes)]);
        await runtime.units.retire(name, context());
      },
    );

    test('is not brought back by a keeper that slept while another one ended it', async () => {
      const name = await makeAndUse();
      const slept = Promise.withResolvers<unknown>();
      plan([/end-of-servers$/, 0, 'after'], async () => slept.resolve(child?.kill('SIGSTOP')));
      child = recycleInChild(name);
      await slept.promise;
      await overdue(name, 'deadline');
      await keep();
      expect(await stateOf(name)).toBeUndefined();
      const over = once(child, 'exit');
      child.kill('SIGCONT');
      expect(await over).toEqual([1, null]);
      expect(await namespace.belongings()).toEqual([]);
    });

    test('whose database is killed in the middle of it is proven clean all the same, or set aside', async () => {
      const name = await makeAndUse();
      child = undefined;
      plan([/begin-anew$/, 0, 'before'], () => killContainer(namespace, name, 'database'));
      const told = await keep(await namespace.runtime({ kubeconfig: between.kubeconfig }));
      console.log(told.join('\n'));
      const state = await stateOf(name);
      expect(['WARM', 'QUARANTINED']).toContain(state);
      expect(await nextOneFinds(name)).toEqual(state === 'WARM' ? [] : 'nobody gets it');
      await runtime.units.retire(name, context());
    });

    test(`is never set aside without a reason: ${UNITS} of them, ${TIMES} times each, whatever was left in them`, async () => {
      for (let made = 0; made < UNITS; made += 1) await runtime.units.make({ recyclable: true }, context());
      for (let turn = 0; turn < TIMES; turn += 1) {
        const used: string[] = [];
        for (let n = 0; n < UNITS; n += 1) used.push(await use());
        expect(new Set(used).size).toBe(UNITS);
        const told = await keep();
        console.log(told.join('\n'));
        expect(told.map((line) => line.split(':')[0])).toEqual(used.map(() => 'recycled'));
        for (const unit of used) expect(await leftIn(unit)).toEqual([]);
      }
      // From here on the kubelet would keep their containers waiting.
      const units = await runtime.units.list(context());
      expect(units.map(({ recyclable, uses }) => [recyclable, uses])).toEqual(units.map(() => [undefined, TIMES]));
    });
  },
);
