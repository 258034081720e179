import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockLogin } from '../../src/operations/login-lock.ts';
import { makeTemp } from '../support/temp.ts';
import { workContext } from '../support/work.ts';

const locksOf = (home: string): string[] => readdirSync(join(home, 'locks')).filter((name) => name.startsWith('site-'));

test('nobody waits for the lock of one site because of another', async () => {
  const home = makeTemp('locks');
  const context = { ...workContext(), progress: () => expect.unreachable('One waited.') };
  const ends: (() => void)[] = [];
  for (let n = 0; n < 100; n += 1)
    ends.push(await lockLogin(home, new URL(`https://site-${n}.example/`), { ...context }));
  expect(new Set(locksOf(home).map((name) => name.split('.')[0]))).toHaveLength(100);
  for (const end of ends) end();
});

test('who waits for a lock is not disturbed when it is given back: the file of its lock, which another process has open, stays', async () => {
  const home = makeTemp('locks');
  const site = new URL('https://a.example/');
  const locks = (): string[] => locksOf(home).map((name) => `${name} ${statSync(join(home, 'locks', name)).ino}`);
  const unlock = await lockLogin(home, site, workContext());
  const before = locks().filter((name) => name.includes('.lock '));
  unlock();
  expect(locks()).toEqual(before);
  (await lockLogin(home, site, workContext()))();
  expect(locks()).toEqual(before);
});

test('at one site one is logged in at a time, by whatever of its names', async () => {
  const home = makeTemp('locks');
  const plain = workContext();
  const context = { ...plain, sleep: () => plain.sleep(1) };
  let [inside, rounds] = [0, 0];
  const several = async (_: unknown, n: number): Promise<void> => {
    for (let round = 0; round < 20; round += 1) {
      const unlock = await lockLogin(
        home,
        new URL(n % 2 === 0 ? 'https://a.example/' : 'https://A.example:443'),
        context,
      );
      inside += 1;
      expect(inside).toBe(1);
      await new Promise(setImmediate);
      [inside, rounds] = [inside - 1, rounds + 1];
      unlock();
    }
  };
  await Promise.all(Array.from({ length: 6 }, several));
  expect(rounds).toBe(120);
});
