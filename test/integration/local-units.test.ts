import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { instancePaths } from '../../src/runtime/local/layout.ts';
import { readWebServer } from '../../src/runtime/local/web-server.ts';
import { createLocalUnits } from '../../src/runtime/local/units.ts';
import type { ProvisionLease } from '../../src/runtime/leases.ts';
import {
  eventually,
  leaseOf,
  makeReady,
  NOTHING,
  provision,
  remains,
  statusOf,
  type TestHome,
} from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';
import { failureOf, workContext } from '../support/work.ts';

const request = (id: string) => ({ id, sourceUrl: 'https://www.a.example', expiresAt: Date.now() + 600_000 });
const ignore = (): void => undefined;

describe('a clone that replaces another', () => {
  const commit = (lease: ProvisionLease, home: TestHome) => {
    const source = { url: 'https://www.a.example', wordpressVersion: '6.1', phpVersion: '8.2' };
    const { url } = lease.instance;
    const admin = { adminUsername: 'me', adminPassword: 'new', findings: [] };
    return lease.commit({ url, source, expiresAt: Date.now() + 600_000, ...admin }, home.context);
  };

  test('takes its name once it is ready and not before; what fails meanwhile costs the old one nothing', async () => {
    const home = homeOfTest();
    const { runtime, context } = home;
    const before = await makeReady(home, 'shop');
    const failed = await runtime.provision({ ...request('shop-1'), replaces: 'shop' }, context);
    await failed.remove(context);
    expect(await runtime.list(context)).toMatchObject([{ id: 'shop', url: before }]);

    const lease = await runtime.provision({ ...request('shop-2'), replaces: 'shop' }, context);
    const states = (await runtime.list(context)).map(({ id, state }) => `${id} ${state}`);
    expect(states.toSorted()).toEqual(['shop ready', 'shop-2 creating']);
    // While somebody resets the old one it stays, and the new one waits.
    const reset = await runtime.takeForReset('shop', workContext());
    const replacing = commit(lease, home);
    await context.sleep(300);
    expect((await runtime.list(context)).find(({ id }) => id === 'shop')?.url).toBe(before);
    await reset.commit(context);
    expect(await replacing).toMatchObject({ id: 'shop', url: lease.instance.url, state: 'ready' });
    expect(await runtime.password('shop', context)).toBe('new');
    expect(await remains(home)).toMatchObject({ rows: ['shop'], folders: ['shop'] });
  });
});

describe('units', () => {
  test('in one process two jobs work, and a second Units: each unit is claimed once, by name, and clones come and go', async () => {
    const home = homeOfTest();
    const { runtime } = home;
    const others = createLocalUnits(
      { layout: home.layout, state: home.state, path: process.env['PATH'] ?? '' },
      ignore,
    );
    const [first, second] = [workContext(), workContext()];
    const made = await Promise.all([runtime.units.make({}, first), others.make({}, second)]);
    expect(made.map(({ state, cloneId, jobId }) => [state, cloneId, jobId])).toEqual([
      ['WARM', undefined, undefined],
      ['WARM', undefined, undefined],
    ]);
    expect(await runtime.list(first)).toEqual([]);
    // Nobody asked for them yet, and they are kept.
    expect(await runtime.sweep(workContext())).toEqual([]);

    const claims = await Promise.all(
      ['a', 'b', 'c', 'd'].map((id, index) =>
        (index % 2 === 0 ? runtime.units : others).claim(request(id), index < 2 ? first : second),
      ),
    );
    const leases = claims.flatMap((claim) => (claim.outcome === 'claimed' ? [claim.lease] : []));
    expect(leases).toHaveLength(2);
    expect(new Set(leases.map(({ instance }) => instance.url)).size).toBe(2);
    expect(await others.claim(request('e'), second)).toEqual({ outcome: 'none' });
    const [one, other] = leases;
    if (one === undefined || other === undefined) throw new Error('two were claimed');
    const holder = one.jobId === first.jobId ? first : second;
    const stranger = holder === first ? second : first;
    // The same job for the same clone: it has it already.
    const again = await others.claim(request(one.cloneId), holder);
    expect(again).toMatchObject({ outcome: 'claimed', lease: { epoch: one.epoch, cloneId: one.cloneId } });
    expect(await statusOf(one.instance.url)).toBe(503);
    expect((await failureOf(runtime.remove(one.cloneId, stranger))).code).toBe('BUSY');

    const source = { url: 'https://www.a.example', wordpressVersion: '6.1', phpVersion: '8.2' };
    const record = {
      url: one.instance.url,
      source,
      expiresAt: Date.now() + 600_000,
      adminUsername: 'me',
      adminPassword: 'p',
      findings: [],
    };
    expect(await one.commit(record, holder)).toMatchObject({ id: one.cloneId, state: 'ready' });
    const reset = await runtime.takeForReset(one.cloneId, stranger);
    expect((await failureOf(runtime.takeForReset(one.cloneId, holder))).code).toBe('BUSY');
    await reset.commit(stranger);
    await other.remove(workContext());
    await runtime.remove(one.cloneId, stranger);
    expect(await remains(home)).toEqual(NOTHING);
  });

  test('a clone takes a unit that is warm, and says so; a name that is taken leaves it warm', async () => {
    const home = homeOfTest();
    await makeReady(home, 'taken');
    const { name } = await home.runtime.units.make({}, home.context);
    expect((await failureOf(home.runtime.units.claim(request('taken'), home.context))).code).toBe('NAME_TAKEN');
    expect((await home.state.units.find(name))?.state).toBe('WARM');
    const lease = await leaseOf(home, 'warm');
    expect(lease.instance.how).toBe('warm');
    expect(home.unit('warm')).toBe(name);
    expect((await provision(home, 'cold')).how).toBe('created');
  });

  test('of a warm unit whose server died while it waited the server is started by the claim', async () => {
    const home = homeOfTest();
    const { name } = await home.runtime.units.make({}, home.context);
    const server = await readWebServer(instancePaths(home.layout, name));
    process.kill(-(server?.pid ?? 0), 'SIGKILL');
    await eventually(() => !existsSync(`/proc/${server?.pid}`));
    const { instance } = await leaseOf(home, 'one');
    expect(instance.how).toBe('warm');
    expect(await statusOf(instance.url)).toBe(503);
  });

  test('in which anything is left is set apart and never handed out, nor one that somebody works on', async () => {
    const home = homeOfTest();
    const { units } = home.runtime;
    const { name } = await units.make({}, home.context);
    expect((await units.validate(name, home.context)).every((finding) => finding.ok)).toBe(true);
    writeFileSync(join(instancePaths(home.layout, name).www, 'left.php'), '<?php');
    const findings = await units.validate(name, home.context);
    expect(findings.filter((finding) => !finding.ok)).toEqual([{ check: 'empty-files', ok: false, detail: '1 left' }]);
    expect((await units.list(home.context)).map(({ state }) => state)).toEqual(['QUARANTINED']);
    expect(await units.claim(request('one'), home.context)).toEqual({ outcome: 'none' });
    expect((await failureOf(units.validate(name, home.context))).code).toBe('BUSY');
    expect((await failureOf(units.validate('unit-none', home.context))).code).toBe('NOT_FOUND');
    await units.retire(name, home.context);
    await units.retire(name, home.context);
    expect(await remains(home)).toEqual(NOTHING);
  });

  test('that hold a clone are not retired, and one whose making is cancelled leaves nothing', async () => {
    const home = homeOfTest();
    await makeReady(home, 'one');
    expect((await failureOf(home.runtime.units.retire(home.unit('one'), home.context))).code).toBe('BUSY');
    await home.runtime.remove('one', home.context);
    for (const milliseconds of [0, 30, 120]) {
      const cancelled = workContext(AbortSignal.timeout(milliseconds));
      await home.runtime.units.make({}, cancelled).then(
        ({ name }) => home.runtime.units.retire(name, home.context),
        () => undefined,
      );
    }
    expect(await remains(home)).toEqual(NOTHING);
  });
});
