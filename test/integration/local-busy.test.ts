import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  killChildren,
  lineOf,
  makeReady,
  NOTHING,
  openTestHome,
  remains,
  startChild,
  type TestHome,
} from '../support/local-runtime.ts';
import { failureOf } from '../support/work.ts';

let home: TestHome;
const children: ChildProcess[] = [];

beforeEach(() => {
  home = openTestHome();
});

afterEach(async () => {
  await killChildren(children.splice(0));
  await home.close();
});

function child(...args: string[]): ChildProcess {
  const started = startChild(...args);
  children.push(started);
  return started;
}

const stateOf = (id: string): string | undefined => home.state.instances.find(id)?.state;

test('of several resets of one clone at once one runs, and the others say who does it', async () => {
  await makeReady(home, 'one');
  const others = ['a', 'b', 'c'].map(() => child('reset', home.home, 'one'));
  const said = await Promise.all(others.map(lineOf));
  const winner = others[said.indexOf('resetting')];
  expect(said.filter((line) => line === 'resetting')).toHaveLength(1);
  for (const line of said.filter((each) => each !== 'resetting')) {
    expect(line).toContain(`one is being reset by another wpclone (process ${winner?.pid})`);
  }
  expect((await failureOf(home.runtime.setState('one', 'ready', home.context))).code).toBe('BUSY');
  expect(stateOf('one')).toBe('resetting');
});

test('a clone that another wpclone resets is not deleted, until that one is gone', async () => {
  await makeReady(home, 'one');
  const other = child('reset', home.home, 'one');
  expect(await lineOf(other)).toBe('resetting');
  const error = await failureOf(home.runtime.remove('one', home.context));
  expect(error.code).toBe('BUSY');
  expect(error.message).toContain(`process ${other.pid}`);
  expect(stateOf('one')).toBe('resetting');
  await killChildren([other]);
  await home.runtime.remove('one', home.context);
  expect(await remains(home)).toEqual(NOTHING);
});

test('a clone that another wpclone is making is not deleted, until that one is gone', async () => {
  const other = child('provision', home.home, 'half');
  await lineOf(other);
  const error = await failureOf(home.runtime.remove('half', home.context));
  expect(error).toMatchObject({ code: 'BUSY', message: expect.stringContaining('half is being made') });
  await killChildren([other]);
  await home.runtime.remove('half', home.context);
  expect(await remains(home)).toEqual(NOTHING);
});

test('a clone that is being deleted is not reset, and a delete that was killed is finished by the next command', async () => {
  await makeReady(home, 'one');
  const other = child('reset', home.home, 'none');
  await lineOf(other);
  const removing = home.runtime.remove('one', home.context);
  const reset = failureOf(home.runtime.setState('one', 'resetting', home.context));
  await removing;
  expect(['BUSY', 'NOT_FOUND']).toContain((await reset).code);

  await makeReady(home, 'two');
  home.state.instances.update('two', { state: 'failed', owner: { pid: other.pid ?? 0, startedAt: 'another time' } });
  expect(await home.runtime.sweep(home.context)).toEqual(['two']);
  expect(await remains(home)).toEqual(NOTHING);
});

test('an ended clone that is being reset outlives a sweep until that is over', async () => {
  await makeReady(home, 'one', Date.now() + 600_000);
  const other = child('reset', home.home, 'one');
  expect(await lineOf(other)).toBe('resetting');
  home.state.instances.update('one', { expiresAt: 1 });
  expect(await home.runtime.sweep(home.context)).toEqual([]);
  await killChildren([other]);
  expect(await home.runtime.sweep(home.context)).toEqual(['one']);
});
