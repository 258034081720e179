import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

export const situation: Situation = {
  promise: 'a folder’s index.html is its page, with and without the slash',
  plant: async (source) => {
    for (const [path, text] of [
      ['docs/index.html', `static <a href="${source.url}/x">x</a>`],
      ['old docs/index.htm', 'older'],
      ['app/index.php', '<?php echo "app at $_SERVER[SCRIPT_NAME]";'],
      ['app/index.html', 'not this one'],
    ] as const) {
      mkdirSync(join(source.docroot, path, '..'), { recursive: true });
      writeFileSync(join(source.docroot, path), text);
    }
  },
  check: async ({ clone, get }) => {
    const { clone_url: url } = clone();
    const page = await get('/docs/');
    expect(page).toMatchObject({ status: 200, body: `static <a href="${url}/x">x</a>` });
    expect(page.headers['content-type']).toBe('text/html');
    expect((await get('/docs?a=b')).headers['location']).toBe('/docs/?a=b');
    expect((await get('/old%20docs')).headers['location']).toBe('/old%20docs/');
    expect((await get('/old%20docs/')).body).toBe('older');
    expect((await get('/app/')).body).toBe('app at /app/index.php');
  },
};
