import { describe, expect, it } from 'vitest';
import { waitUntil } from '../../src/shared/wait-until.ts';

/** A clock that only sleeping moves. */
function clock() {
  let time = 0;
  const sleep = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    time += milliseconds;
  };
  return { now: () => time, sleep };
}

describe('waiting until something is so', () => {
  it('ends with the first answer', async () => {
    const answers = [false, undefined, 'there', 'later'] as const;
    let asked = 0;
    const work = clock();
    expect(await waitUntil(() => answers[asked++], { every: 10, limit: 1000 }, work)).toBe('there');
    expect([asked, work.now()]).toEqual([3, 20]);
  });

  it('asks once more at the time-out, and says that there was nothing', async () => {
    let asked = 0;
    const ask = async () => ++asked > 100;
    expect(await waitUntil(ask, { every: 10, limit: 30 }, clock())).toBeUndefined();
    expect(asked).toBe(4);
    expect(await waitUntil(() => 0, { every: 10, limit: 0 }, clock())).toBe(0);
  });

  it('ends with what the question throws, and with the reason of the signal', async () => {
    const refused = new Error('no');
    const ask = () => Promise.reject(refused);
    await expect(waitUntil(ask, { every: 10, limit: 30 }, clock())).rejects.toBe(refused);
    const stopped = AbortSignal.abort(new Error('stopped'));
    const waiting = waitUntil(() => undefined, { every: 10, limit: 30, signal: stopped }, clock());
    await expect(waiting).rejects.toThrow('stopped');
  });
});
