import { readdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { ask, type Situation } from '../../support/situation.ts';

/** PHP remembers for two minutes where a path led. With one process it is sure to be the one that is asked. */
export const situation: Situation = {
  promise: 'uploads that became a link a moment ago are copied',
  source: {
    workers: 1,
    ini: { realpath_cache_ttl: '600' },
    muPlugins: { 'look.php': "<?php realpath( WP_CONTENT_DIR . '/uploads' ); is_dir( WP_CONTENT_DIR . '/uploads' );" },
  },
  plant: async ({ url, content, docroot }) => {
    await ask(`${url}/`);
    const shared = join(dirname(docroot), 'shared-uploads');
    renameSync(join(content, 'uploads'), shared);
    symlinkSync(shared, join(content, 'uploads'));
  },
  check: async ({ clone, cli, source }) => {
    expect(clone().warnings).toEqual([]);
    const names = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
    const copied = names(join(cli.cloneFolder(), 'www/wp-content/uploads'));
    expect(copied).toEqual(names(join(source.content, 'uploads')));
    expect(copied.length).toBeGreaterThan(0);
    return Promise.resolve();
  },
};
