import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const LICENCE = `<?php /* runs at one host only, as plugins with a licence do */
if ( isset( $_SERVER['HTTP_HOST'] ) && 0 !== strpos( $_SERVER['HTTP_HOST'], '127.0.0.111' ) ) {
	http_response_code( 403 );
	die( 'No licence for this host' );
}`;

export const situation: Situation = {
  promise: 'a clone that a must-use plugin shuts because of its host name is kept, and the plugin is named',
  source: { muPlugins: { 'acme-licence.php': LICENCE, 'acme-other.php': '<?php /* harmless */' } },
  check: async ({ clone, get, source, cli }) => {
    const { findings, verified } = clone();
    expect(verified).toBe(false);
    const entry = findings.find(({ code }) => code === 'ADMINISTRATION_NOT_REACHED');
    const plugin = 'wp-content/mu-plugins/acme-licence.php';
    expect(entry?.message).toContain(
      `these look at it: ${plugin}. To do without one: clone with --exclude-path ${plugin}.`,
    );
    expect((await get('/')).status).toBe(403);
    // What is advised helps.
    const words = ['clone', source.url, '-u', source.adminUser, '--password-file', '-', '--exclude-path', plugin];
    const without = await cli.json(words, { input: `${source.adminPassword}\n` });
    expect(without).toMatchObject({ verified: true, findings: [] });
  },
};
