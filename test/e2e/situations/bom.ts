import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** An editor that put a byte order mark before the code: three bytes stand before every answer of the site. */
export const situation: Situation = {
  promise: 'bytes that stand before every answer do not stop a clone',
  source: {
    muPlugins: { 'marked.php': '\uFEFF<?php // saved with a byte order mark' },
    ini: { output_buffering: '4096' },
  },
  check: async ({ clone, get }) => {
    expect(clone().verified).toBe(true);
    expect((await get('/')).status).toBe(200);
  },
};
