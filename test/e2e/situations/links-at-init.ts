import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const landing = (url: string): string => `<?php /* a landing-page plugin that prints its page early */
add_action( 'wp_loaded', function () {
	if ( is_admin() || 'GET' !== $_SERVER['REQUEST_METHOD'] ) {
		return;
	}
	$path = parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
	if ( '/' === $path && empty( $_GET ) ) {
		echo '<!doctype html><title>Land</title><link rel="https://api.w.org/" href="' . home_url( '/wp-json/' ) . '"><a href="${url}/offer/">Offer</a>';
		exit;
	}
	if ( '/away/' === $path ) {
		header( 'Location: ${url}/offer/', true, 301 );
		exit;
	}
	if ( '/counted/' === $path ) {
		$page = '<a href="${url}/offer/">Offer</a>';
		header( 'Content-Length: ' . strlen( $page ) );
		exit( $page );
	}
	if ( '/file.bin' === $path ) {
		header( 'Content-Type: application/octet-stream' );
		exit( "\\0${url}/" );
	}
} );
`;

export const situation: Situation = {
  promise: 'what is printed before WordPress begins with its page leads to the clone too',
  plant: async (source) => {
    writeFileSync(join(source.content, 'mu-plugins/landing.php'), landing(source.url));
  },
  check: async ({ clone, get, source }) => {
    const { clone_url: url } = clone();
    expect((await get('/')).body).toContain(`<a href="${url}/offer/">Offer</a>`);
    expect(await get('/away/')).toMatchObject({ status: 301, headers: { location: `${url}/offer/` } });
    expect((await get('/counted/')).body).toBe(`<a href="${url}/offer/">Offer</a>`);
    expect((await get('/file.bin')).body).toBe(`\0${source.url}/`);
  },
};
