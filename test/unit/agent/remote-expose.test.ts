import { describe, expect, it } from 'vitest';
import { exposeFrom } from '../../../src/operations/remote/expose.ts';
import { failureOf } from '../../support/work.ts';

describe('a clone of an agent', () => {
  const at = (clone_url: string, runtime: 'local' | 'kubernetes') => ({ clone_id: 'shop', clone_url, runtime });
  const forwarded = { how: 'forwarded' as const, url: 'http://127.0.0.1:9000' };
  const forward = () => Promise.resolve(forwarded);

  it('is reached by itself where it has an address of its own, or where it is on this machine', async () => {
    const own = 'https://shop.clones.example';
    expect(await exposeFrom(at(own, 'kubernetes'), undefined)).toEqual({ how: 'by-itself', url: own });
    const local = 'http://127.0.0.1:8101';
    expect(await exposeFrom(at(local, 'local'), forward)).toEqual({ how: 'by-itself', url: local });
  });

  it('is forwarded out of a cluster where the agent is on this machine, as without the agent', async () => {
    expect(await exposeFrom(at('http://127.0.0.1:8101', 'kubernetes'), forward)).toBe(forwarded);
  });

  it('on another machine, at an address that only that one has, is told of with the way out', async () => {
    const failure = await failureOf(exposeFrom(at('http://127.0.0.1:8101', 'local'), undefined));
    expect([failure.code, failure.nextSteps.join()]).toEqual(['CLONE_ELSEWHERE', expect.stringContaining('8101')]);
  });
});
