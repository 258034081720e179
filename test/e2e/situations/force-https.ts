import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const FORCED = `<?php /* what "force https" plugins do, in PHP, for every page and the administration */
add_action( 'wp', function () {
	if ( ! is_ssl() ) {
		wp_redirect( 'https://' . $_SERVER['HTTP_HOST'] . $_SERVER['REQUEST_URI'], 301 );
		exit;
	}
}, 40 );
add_filter( 'secure_auth_cookie', '__return_true' );
force_ssl_admin( true );
add_action( 'template_redirect', function () {
	ob_start( function ( $html ) {
		return str_replace( array( 'http://' . $_SERVER['HTTP_HOST'], '"http://127.0.0.1' ), array( 'https://' . $_SERVER['HTTP_HOST'], '"https://127.0.0.1' ), $html );
	} );
} );
header( 'Strict-Transport-Security: max-age=31536000' );
header( 'Content-Security-Policy: upgrade-insecure-requests; img-src *' );
`;

export const situation: Situation = {
  promise: 'a site that insists on https runs on the clone’s http, and lets the administrator in',
  source: { host: '127.0.0.1', https: true, muPlugins: { 'force-https.php': FORCED } },
  args: ['--insecure'],
  check: async ({ clone, get, cli }) => {
    const { clone_url: url, clone_id: id } = clone();
    const front = await get('/');
    expect(front).toMatchObject({ status: 200, headers: { 'content-security-policy': 'img-src *' } });
    expect(front.headers).not.toHaveProperty('strict-transport-security');
    expect(front.body).toContain(`href="${url}/`);
    expect(front.body).not.toContain(url.replace('http:', 'https:'));
    const { login_url: link } = await cli.json<{ login_url: string }>(['open', id, '--print']);
    const entered = await get(link);
    const cookies = [entered.headers['set-cookie'] ?? []].flat();
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) expect(cookie).not.toMatch(/;\s*secure/i);
    expect(entered.headers['location']).toBe(`${url}/wp-admin/`);
    const cookie = cookies.map((line) => line.split(';')[0]).join('; ');
    const inside = await get('/wp-admin/profile.php', { cookie });
    expect(inside.status).toBe(200);
    expect(inside.body).toContain('wp-admin');
  },
};
