import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The source's web server here is nginx, which reads none of these files; what it calls itself is all that the clone goes by. */
const APACHE = `<?php $_SERVER['SERVER_SOFTWARE'] = 'Apache/2.4.62 (Debian)';`;

const RULES = (url: string): string => `# BEGIN redirects
Redirect 301 /old ${url}/new
RedirectMatch 302 ^/shop/(\\d+)$ /product/$1/
RedirectPermanent "/with space" https://elsewhere.example/
Redirect gone /gone
Redirect / ${url}/
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteBase /
RewriteRule ^press/(.*)$ /news/$1 [R=301,NC,L]
RewriteCond %{HTTPS} off
RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
RewriteRule ^hidden/ - [F]
RewriteRule ^lib/(.+)$ /wp-content/$1 [L,QSA]
RewriteRule ^api/(.*)$ index.php?rest_route=/$1 [END,QSA]
RewriteRule ^plain\\.txt$ /nowhere.txt
RewriteRule ^index\\.php$ - [L]
</IfModule>
<FilesMatch "\\.(sql|log)$">
  Require all denied
</FilesMatch>
<Files "notes.txt">
  Order allow,deny
  Deny from all
</Files>
`;

export const situation: Situation = {
  promise: 'the plain rules of .htaccess hold in the clone: redirects, other files, closed ones, the index of a folder',
  source: { muPlugins: { 'apache.php': APACHE } },
  plant: async (source) => {
    for (const [path, text] of [
      ['.htaccess', RULES(source.url)],
      ['dump.sql', 'secret'],
      ['wp-content/a b.css', 'a{}'],
      ['wp-content/a.js', 'a()'],
      ['notes.txt', 'secret'],
      ['plain.txt', 'for all'],
      ['hidden/a.txt', 'secret'],
      ['closed/.htaccess', '<IfModule mod_authz_core.c>\nRequire all denied\n</IfModule>'],
      ['closed/a.txt', 'secret'],
      ['closed/open/.htaccess', 'Require all granted'],
      ['closed/open/a.txt', 'for all'],
      ['manual/.htaccess', 'DirectoryIndex start.html index.php'],
      ['manual/start.html', 'start'],
      ['manual/index.php', '<?php echo "not this one";'],
    ] as const) {
      mkdirSync(join(source.docroot, path, '..'), { recursive: true });
      writeFileSync(join(source.docroot, path), text);
    }
  },
  check: async ({ clone, get }) => {
    const { clone_url: url } = clone();
    const led = async (path: string) => {
      const { status, headers } = await get(path);
      return `${status} ${String(headers['location'])}`;
    };
    expect(await led('/old/page?a=b')).toBe(`301 ${url}/new/page?a=b`);
    expect(await led('/shop/12')).toBe('302 /product/12/');
    expect(await led('/with%20space')).toBe('301 https://elsewhere.example/');
    expect(await led('/Press/2026')).toBe('301 /news/2026');
    expect((await get('/gone')).status).toBe(410);
    for (const path of ['/dump.sql', '/notes.txt', '/closed/a.txt', '/hidden/a.txt'])
      expect(`${path} ${(await get(path)).status}`).toBe(`${path} 403`);
    expect((await get('/plain.txt')).body).toBe('for all');
    expect((await get('/closed/open/a.txt')).body).toBe('for all');
    expect((await get('/manual/')).body).toBe('start');
    // Plugins that hide WordPress write such addresses into its pages.
    const style = await get('/lib/a%20b.css?ver=1');
    expect(style).toMatchObject({ status: 200, body: 'a{}' });
    expect(style.headers['content-type']).toBe('text/css');
    expect((await get('/lib/a.js')).headers['content-type']).toBe('text/javascript');
    expect((await get('/lib/none.js')).status).toBe(404);
    expect(JSON.parse((await get('/api/wp/v2/types/post?_fields=slug')).body)).toEqual({ slug: 'post' });
    expect((await get('/')).status).toBe(200);
    expect((await get('/wp-login.php')).status).toBe(200);
  },
};
