import { expect } from 'vitest';
import { ask, type Made } from './situation.ts';

/** A must-use plugin that answers `/?probe` with what `expression` of PHP is, as WordPress' own connection reads it. */
export const probe = (expression: string): Record<string, string> => ({
  'probe.php': `<?php
add_action( 'init', function () {
	global $wpdb;
	if ( isset( $_GET['probe'] ) ) {
		header( 'Content-Type: text/plain' );
		exit( bin2hex( serialize( ${expression} ) ) );
	}
} );
`,
});

/** What the probe says at the source and in the clone: serialized, one character per byte. */
export async function probeBoth({ source, get }: Made): Promise<{ source: string; clone: string }> {
  const [there, here] = [await ask(`${source.url}/?probe`), await get('/?probe')];
  expect([there.status, here.status]).toEqual([200, 200]);
  const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');
  return { source: bytes(there.body), clone: bytes(here.body) };
}
