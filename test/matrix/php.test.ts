import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import { commandLine } from '../support/cli.ts';
import { foreignPhp } from '../support/foreign/php.ts';
import { ask, made as cameOf } from '../support/situation.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
const sources: Source[] = [];
afterEach(async () => {
  for (const source of sources.splice(0)) await source.stop();
});
afterAll(() => cli.stop());

const clone = (source: Source, ...more: string[]): Promise<CloneResult> =>
  cli.json<CloneResult>(['clone', source.url, '-u', source.adminUser, '--password-file', '-', ...more], {
    input: `${source.adminPassword}\n`,
  });

describe.each(['7.4', '8.4'] as const)('a site on PHP %s', (version) => {
  it('is read out by the plugin without a word of complaint from its PHP, and cloned whole', async () => {
    const php = await foreignPhp(version);
    const source = await startSource({
      host: '127.0.0.111',
      php,
      // Everything that PHP has to say about our code is said, as it is on careless hosts.
      ini: { error_reporting: '32767', display_errors: '1' },
    });
    sources.push(source);
    const made = await clone(source);
    expect(made.source.php_version).toMatch(new RegExp(`^${version}`));
    const codes = made.warnings.map(({ code }) => code);
    expect(codes).toContain('PHP_VERSION_DIFFERS');
    const log = readFileSync(join(source.logs, 'php.log'), 'utf8');
    expect(log.split('\n').filter((line) => line.includes('wpclone-migrator'))).toEqual([]);
    const posts = await source.query('SELECT COUNT(*) AS n FROM wp_posts');
    expect(made.transferred?.rows).toBeGreaterThan(Number(posts[0]?.['n']));
    await cli.run(['disconnect', source.url]);
    const left = await source.query("SELECT option_name FROM wp_options WHERE option_name LIKE '%wpclone%'");
    expect(left).toEqual([]);
  });
});

it('a plugin that only PHP 7 understands costs no clone: what broke is named, with the PHP of both', async () => {
  const source = await startSource({
    host: '127.0.0.111',
    php: await foreignPhp('7.4'),
    plugins: {
      'old/old.php': `<?php /* Plugin Name: Old */
        function old_first($s) { return $s{0}; }
        add_action('wp_footer', function () { echo '<!-- old ', old_first('yes'), ' -->'; });`,
    },
  });
  sources.push(source);
  const made = await clone(source);
  expect(made.status).toBe('ready');
  expect(made.verified).toBe(false);
  expect(JSON.stringify(made.findings)).toContain('old');
  const told = made.warnings.find(({ code }) => code === 'PHP_VERSION_DIFFERS');
  expect(told?.message).toContain('7.4');
});

const TELL = `<?php add_action('init', function () { if (isset($_GET['php'])) die(PHP_VERSION); });`;

it.each(['7.4', '8.4'] as const)(
  '--php %s: the clone runs on that PHP, shows the site and lets in',
  async (version) => {
    const { folder } = await foreignPhp(version);
    const source = await startSource({ host: '127.0.0.111', muPlugins: { 'tell.php': TELL } });
    sources.push(source);
    const args = ['clone', source.url, '-u', source.adminUser, '--password-file', '-', '--php', version, '--json'];
    const finished = await cli.run(args, {
      input: `${source.adminPassword}\n`,
      environment: { PATH: `${folder}:${process.env['PATH']}` },
    });
    const came = cameOf(source, cli, finished);
    const { status, verified, findings, warnings } = came.clone();
    expect({ status, verified, findings }).toEqual({ status: 'ready', verified: true, findings: [] });
    expect((await came.get('/?php=1')).body).toMatch(new RegExp(`^${version.replace('.', '\\.')}\\.`));
    expect((await ask(`${source.url}/?php=1`)).body).toMatch(/^8\.2\./);
    const told = warnings.find(({ code }) => code === 'PHP_VERSION_DIFFERS');
    expect(told?.message).toContain(version);
    expect((await came.get('/')).status).toBe(200);
    const entered = await came.enter();
    expect(entered.url).toContain('/wp-admin/');
    expect(entered.body).toContain('wpadminbar');
  },
);
