import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Sites made before WordPress 3.5 often name their uploads by an absolute path. */
export const situation: Situation = {
  promise: 'uploads that the site names by their absolute path are copied, and the clone has a path of its own',
  plant: async (source) => {
    await source.php(
      "update_option('upload_path', WP_CONTENT_DIR . '/uploads'); file_put_contents(WP_CONTENT_DIR . '/uploads/hello.txt', 'hello');",
    );
  },
  check: async ({ clone, get, source }) => {
    expect(clone().verified).toBe(true);
    expect(await get('/wp-content/uploads/hello.txt')).toMatchObject({ status: 200, body: 'hello' });
    expect((await get('/')).body).not.toContain(source.docroot);
  },
};
