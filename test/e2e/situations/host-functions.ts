import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A cheap host that has taken away whatever it could think of. */
export const situation: Situation = {
  promise: 'functions that the host of the source has disabled are done without',
  source: {
    ini: {
      disable_functions: 'ignore_user_abort,error_log,readlink,disk_free_space,php_uname,getmypid,gethostname',
    },
  },
  check: async ({ clone, get }) => {
    expect(clone().verified).toBe(true);
    expect((await get('/')).status).toBe(200);
  },
};
