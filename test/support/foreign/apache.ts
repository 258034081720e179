import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../temp.ts';
import { startServer, waitFor, WEB_USER } from '../servers.ts';
import type { Source } from '../source/index.ts';
import { freePort, makeTemp } from '../temp.ts';

const MODULES = ['mpm_prefork', 'authz_core', 'dir', 'mime', 'rewrite', 'php'];

export interface Apache {
  readonly url: string;
  stop(): Promise<void>;
}

/** Apache with PHP in it, as Debian has them and many a host, on the folder of a source, which from then on is known by its address. */
export async function startApache(source: Source): Promise<Apache> {
  const folder = makeTemp('apache');
  const port = await freePort();
  const log = join(folder, 'error.log');
  const loaded = MODULES.map((name) =>
    name === 'php'
      ? 'LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so'
      : `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  mkdirSync(join(folder, 'tmp'));
  writeFileSync(
    join(folder, 'apache.conf'),
    `ServerRoot ${folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/apache.log
${loaded.join('\n')}
TypesConfig /etc/mime.types
StartServers 4
MinSpareServers 2
DocumentRoot ${source.docroot}
<Directory ${source.docroot}>
  AllowOverride All
  Require all granted
  Options FollowSymLinks
  DirectoryIndex index.php
</Directory>
<FilesMatch "\\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
php_admin_value upload_tmp_dir ${folder}/tmp
`,
  );
  if (WEB_USER) await run(['chown', '-R', `${WEB_USER}:`, folder]);
  const words = ['apache2', '-D', 'FOREGROUND', '-f', join(folder, 'apache.conf')];
  const server = startServer(words, { log, unprivileged: true });
  await waitFor(
    'Apache',
    async () => {
      const socket = connect({ port, host: '127.0.0.1' });
      await once(socket, 'connect');
      socket.destroy();
    },
    log,
  );
  const url = `http://127.0.0.1:${port}`;
  await source.query(`UPDATE wp_options SET option_value = '${url}' WHERE option_name IN ('home', 'siteurl')`);
  return { url, stop: () => server.stop() };
}
