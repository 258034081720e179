import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { packagePath } from '../../shared/package-root.ts';
import { KEY_NAMES } from '../../instance/constant-names.ts';
import { phpDefine } from '../../instance/php-literal.ts';
import { createDatabase, databaseAddress } from '../../runtime/local/databases.ts';
import type { DemoLayout } from './layout.ts';

/** Where Debian's package keeps WordPress. */
const WORDPRESS = '/usr/share/wordpress';
const DATABASE = 'source';

export interface DemoAdministrator {
  readonly username: string;
  readonly password: string;
}

/** Copies Debian's WordPress into the demonstration's folder, gives it a database and content. Throws DEMO_FAILED. */
export async function buildSite(
  layout: DemoLayout,
  php: string,
  url: string,
  administrator: DemoAdministrator,
  context: WorkContext,
): Promise<void> {
  await copyWordpress(layout);
  const password = context.randomBytes(18).toString('base64url');
  await createDatabase(layout.servers, DATABASE, password, context);
  await writeFile(layout.configuration, configuration(layout, password, context), { mode: 0o600 });
  const result = await execa(php, ['-d', 'display_errors=stderr', packagePath('templates', 'demo', 'install.php')], {
    env: {
      DEMO_ROOT: layout.www,
      DEMO_URL: url,
      DEMO_USER: administrator.username,
      DEMO_PASSWORD: administrator.password,
    },
    stdin: 'ignore',
    reject: false,
    cancelSignal: context.signal,
  });
  context.signal.throwIfAborted();
  if (result.exitCode !== 0) {
    const reason = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new WpcloneError('DEMO_FAILED', `WordPress could not be set up: ${reason}`);
  }
}

/** Debian's package holds links into other packages, and a wp-config.php of its own. */
async function copyWordpress(layout: DemoLayout): Promise<void> {
  await readFile(`${WORDPRESS}/wp-load.php`).catch((cause: unknown) => {
    throw new WpcloneError('DEMO_FAILED', `The demonstration needs Debian's wordpress package in ${WORDPRESS}.`, {
      cause,
    });
  });
  await mkdir(layout.www, { recursive: true, mode: 0o700 });
  await cp(WORDPRESS, layout.www, {
    recursive: true,
    dereference: true,
    filter: (path) => path !== `${WORDPRESS}/wp-config.php` && path !== `${WORDPRESS}/.htaccess`,
  });
  await mkdir(`${layout.www}/wp-content/uploads`, { recursive: true });
}

function configuration(layout: DemoLayout, password: string, context: WorkContext): string {
  const { socketPath, user, database } = databaseAddress(layout.servers, DATABASE, password);
  const constants = {
    DB_NAME: database,
    DB_USER: user,
    DB_PASSWORD: password,
    DB_HOST: `localhost:${socketPath}`,
    DB_CHARSET: 'utf8mb4',
    DB_COLLATE: '',
    ...Object.fromEntries(KEY_NAMES.map((name) => [name, context.randomBytes(32).toString('base64url')])),
  };
  const lines = Object.entries(constants).map(([name, value]) => phpDefine(name, value));
  return `<?php
${lines.join('\n')}
// The demonstration sends nothing out and waits for nobody.
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'DISABLE_WP_CRON', true );
define( 'WP_DEBUG_DISPLAY', false );
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`;
}
