import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const BROWSER = /^Mozilla\/5\.0 \([^)]+\) AppleWebKit\/[\d.]+ \(KHTML, like Gecko\) Chrome\/[\d.]+ Safari\/[\d.]+$/;

/** A firewall that refuses whoever is no browser by his name. */
export const situation: Situation = {
  promise: 'a wall that lets in only what calls itself a browser lets the whole clone through',
  wall: {
    judge: ({ headers }) => (BROWSER.test(headers['user-agent'] ?? '') ? undefined : { status: 403, body: 'No.' }),
  },
  check: async ({ clone, enter }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
