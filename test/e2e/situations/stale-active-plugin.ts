import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Our plugin's folder was deleted by hand while it was active: WordPress offers no activation after the next upload. */
export const situation: Situation = {
  promise: 'a plugin that WordPress takes for active already is used as it is',
  plant: async (source) => {
    await source.php(
      "update_option('active_plugins', array_merge(get_option('active_plugins'), array('wpclone-migrator/wpclone-migrator.php')));",
    );
  },
  check: async ({ clone }) => {
    expect(clone()).toMatchObject({ verified: true, connected_by: 'http' });
  },
};
