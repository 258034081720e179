import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

export const situation: Situation = {
  promise: 'a site whose administration is called otherwise than wp-admin is cloned, and the log-in link gets in',
  source: {
    constants: { ADMIN_COOKIE_PATH: '/' },
    nginx: `location ^~ /wp-admin/ { return 404; }
      location ^~ /backend/ {
        rewrite ^/backend/$ /wp-admin/index.php break; rewrite ^/backend/(.*)$ /wp-admin/$1 break;
        fastcgi_pass unix:$document_root/../php.sock; include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$uri; fastcgi_param HTTP_HOST $http_host;
      }`,
    muPlugins: {
      'acme.php': `<?php foreach (array('site_url', 'admin_url') as $hook)
        add_filter($hook, function ($url) { return str_replace('/wp-admin/', '/backend/', $url); }, 99);`,
    },
  },
  check: async ({ clone, enter }) => {
    expect(clone()).toMatchObject({ verified: true, findings: [] });
    const page = await enter();
    expect(page.status).toBe(200);
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
