import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The host has updated the files, and nobody has pressed "Update WordPress Database" yet. */
export const situation: Situation = {
  promise: 'a database that waits for its update is named as that, and nothing is left behind',
  plant: async (source) => {
    await source.query("UPDATE wp_options SET option_value = '51917' WHERE option_name = 'db_version'");
  },
  check: async ({ cli, failure, finished }) => {
    expect(finished.code).toBe(1);
    const { code, next_steps: steps } = failure();
    expect(code).toBe('DATABASE_UPGRADE_PENDING');
    expect(steps.join(' ')).toMatch(/update/i);
    expect(cli.leftovers()).toEqual([]);
  },
};
