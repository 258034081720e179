import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Nothing is odd here: what all the others are compared with. */
export const situation: Situation = {
  promise: 'a plain site is cloned without a warning',
  check: async ({ clone, get, source }) => {
    expect(clone().warnings).toEqual([]);
    const front = await get('/');
    expect(front.status).toBe(200);
    expect(front.body).not.toContain(source.url);
  },
};
