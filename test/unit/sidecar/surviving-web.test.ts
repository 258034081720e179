import { expect, test } from 'vitest';
import type { InstanceContext, InstanceOperations } from '../../../src/instance/types.ts';
import { survivingWeb } from '../../../src/sidecar/surviving-web.ts';

/** A web server that is down for its first so many looks, and an instance whose verification ends as listed, in turn. */
function instance(down: number[], outcomes: ('ok' | 'differs' | Error)[]) {
  let looks = 0;
  let time = 0;
  const retries: string[] = [];
  const verify = () => {
    const outcome = outcomes.shift();
    if (outcome === undefined || outcome instanceof Error)
      return Promise.reject(outcome ?? new Error('once too often'));
    return Promise.resolve({ findings: outcome === 'ok' ? [] : [outcome] });
  };
  const operations = survivingWeb(
    { verify } as unknown as InstanceOperations,
    () => (down.includes(looks++) ? Promise.reject(new Error('down')) : Promise.resolve()),
    { now: () => time, sleep: (milliseconds) => Promise.resolve(void (time += milliseconds)) },
  );
  const context = { signal: new AbortController().signal, retry: (message: string) => retries.push(message) };
  return { retries, verify: () => operations.verify({} as never, context as unknown as InstanceContext) };
}

test('a clone is verified once the web server answers', async () => {
  const { verify, retries } = instance([0, 1, 2], ['ok']);
  expect(await verify()).toEqual({ findings: [] });
  expect(retries).toEqual([]);
});

test('a web server that dies during the verification costs a second one, said aloud', async () => {
  const { verify, retries } = instance([1, 2], [new Error('refused'), 'ok']);
  expect(await verify()).toEqual({ findings: [] });
  expect(retries).toHaveLength(1);
});

test('what was only found because the web server died is looked at again', async () => {
  expect(await instance([1], ['differs', 'ok']).verify()).toEqual({ findings: [] });
  expect(await instance([], ['differs', 'ok']).verify()).toEqual({ findings: ['differs'] });
});

test('a clone that is no good is not verified twice', async () => {
  const failure = new Error('no front page');
  const { verify } = instance([], [failure, 'ok']);
  await expect(verify()).rejects.toBe(failure);
});
