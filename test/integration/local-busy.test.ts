import { expect, test } from 'vitest';
import { killChild, leaseOf, lineOf, makeReady, NOTHING, remains, type TestHome } from '../support/local-runtime.ts';
import { homeOfTest, startChild } from '../support/local-test.ts';
import { failureOf, workContext } from '../support/work.ts';

const stateOf = async (home: TestHome, id: string): Promise<string | undefined> =>
  (await home.state.units.holding(id))?.state;

test('of several resets of one clone at once one runs, and the others say who does it', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const others = ['a', 'b', 'c'].map(() => startChild(home, 'reset', 'one'));
  const said = await Promise.all(others.map(lineOf));
  const winner = others[said.indexOf('resetting')];
  expect(said.filter((line) => line === 'resetting')).toHaveLength(1);
  for (const line of said.filter((each) => each !== 'resetting')) {
    expect(line).toContain(`one is being reset by another wpclone (process ${winner?.pid})`);
  }
  expect((await failureOf(home.runtime.takeForReset('one', home.context))).code).toBe('BUSY');
  expect(await stateOf(home, 'one')).toBe('RESETTING');
});

test('a clone that another wpclone resets is not deleted, until that one is gone', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const other = startChild(home, 'reset', 'one');
  expect(await lineOf(other)).toBe('resetting');
  const error = await failureOf(home.runtime.remove('one', home.context));
  expect(error.code).toBe('BUSY');
  expect(error.message).toContain(`process ${other.pid}`);
  expect(await stateOf(home, 'one')).toBe('RESETTING');
  await killChild(other);
  await home.runtime.remove('one', home.context);
  expect(await remains(home)).toEqual(NOTHING);
});

test('a clone that another wpclone is making is not deleted, until that one is gone', async () => {
  const home = homeOfTest();
  const other = startChild(home, 'provision', 'half');
  await lineOf(other);
  const error = await failureOf(home.runtime.remove('half', home.context));
  expect(error).toMatchObject({ code: 'BUSY', message: expect.stringContaining('half is being made') });
  await killChild(other);
  await home.runtime.remove('half', home.context);
  expect(await remains(home)).toEqual(NOTHING);
});

test('a clone that is being deleted is not reset, and a delete that was killed is finished by the next command', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const other = startChild(home, 'reset', 'none');
  await lineOf(other);
  const removing = home.runtime.remove('one', home.context);
  // Before it has said that it removes, either of the two may be first.
  await expect.poll(() => stateOf(home, 'one'), { interval: 1, timeout: 10_000 }).not.toBe('READY');
  const reset = await failureOf(home.runtime.takeForReset('one', home.context));
  expect(['BUSY', 'NOT_FOUND']).toContain(reset.code);
  await removing;

  await makeReady(home, 'two');
  await home.alter('two', {
    state: 'DELETING',
    lease: { jobId: 'other', pid: other.pid ?? 0, startedAt: 'another time' },
  });
  expect(await home.runtime.sweep(home.context)).toEqual(['two']);
  expect(await remains(home)).toEqual(NOTHING);
});

test('an ended clone that is being reset outlives a sweep until that is over', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one', Date.now() + 600_000);
  const other = startChild(home, 'reset', 'one');
  expect(await lineOf(other)).toBe('resetting');
  await home.alter('one', { clone: { expiresAt: 1 } });
  expect(await home.runtime.sweep(home.context)).toEqual([]);
  await killChild(other);
  expect(await home.runtime.sweep(home.context)).toEqual(['one']);
});

test('two jobs of one process exclude each other as two processes do, and each commits only what is still its own', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const [first, second] = [workContext(), workContext()];
  const lease = await home.runtime.takeForReset('one', first);
  expect((await failureOf(home.runtime.takeForReset('one', second))).code).toBe('BUSY');
  expect((await failureOf(home.runtime.remove('one', second))).code).toBe('BUSY');
  await lease.release(first);
  const next = await home.runtime.takeForReset('one', second);
  expect(next.epoch).toBe(lease.epoch + 1);
  expect((await failureOf(lease.commit(first))).code).toBe('LEASE_LOST');
  await lease.release(first);
  expect(await stateOf(home, 'one')).toBe('RESETTING');
  expect((await next.commit(second)).state).toBe('ready');

  // A job may hold several at once.
  await makeReady(home, 'two');
  const both = await Promise.all(['one', 'two'].map((id) => home.runtime.takeForReset(id, first)));
  expect((await Promise.all(both.map((each) => each.commit(first)))).map((facts) => facts.state)).toEqual([
    'ready',
    'ready',
  ]);
});

test('what a job was making that has given it up is removed by the next sweep, not before', async () => {
  const home = homeOfTest();
  const lease = await leaseOf(home, 'half');
  expect(await home.runtime.sweep(workContext())).toEqual([]);
  await lease.release(home.context);
  expect(await home.runtime.sweep(workContext())).toEqual(['half']);
  await expect(lease.remove(home.context)).resolves.toBeUndefined();
  expect(await remains(home)).toEqual(NOTHING);
});
