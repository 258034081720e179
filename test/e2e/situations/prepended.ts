import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

export const situation: Situation = {
  promise: 'what the host runs before every page is told of, and its constants stay there',
  plant: async (source) => {
    const file = join(source.docroot, '../prepend.php');
    writeFileSync(file, "<?php define( 'HOST_WALL', 'up' );");
    chmodSync(file, 0o644);
    writeFileSync(join(source.docroot, '.user.ini'), `auto_prepend_file = ${file}\n`);
    writeFileSync(
      join(source.content, 'mu-plugins/wall.php'),
      "<?php add_action( 'wp_footer', function () { echo '<!-- wall ', defined( 'HOST_WALL' ) ? HOST_WALL : 'none', ' -->'; } );",
    );
    await source.restart();
  },
  check: async ({ clone, get }) => {
    const [warning, ...others] = clone().warnings;
    expect(others).toEqual([]);
    expect(warning?.code).toBe('PREPENDED_FILE_LEFT_OUT');
    expect(warning?.message).toContain('/prepend.php');
    expect((await get('/')).body).toContain('<!-- wall none -->');
  },
};
