import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planSchema } from '../../src/restore/plan/schema.ts';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { run } from '../support/temp.ts';

const cli = commandLine();
let source: Source;

/** Statements on the clone's database. */
const onClone = (sql: string): Promise<string> => {
  const unit = cli.cloneFolder().split('/').at(-1) ?? '';
  return run(['mariadb', `--defaults-file=${join(cli.home, 'mariadb/administrator.cnf')}`, databaseName(unit)], sql);
};

beforeAll(async () => {
  source = await startSource({ plugins: { 'forms/forms.php': '<?php /* Plugin Name: Forms\nVersion: 2.1 */' } });
  await cli.json(['clone', source.url, '-u', source.adminUser, '--name', 'first', '--password-file', '-'], {
    input: `${source.adminPassword}\n`,
  });
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

it('says that there is nothing to bring back, with exit code 0 and without asking for a log-in', async () => {
  const { stdout, code } = await cli.run(['restore', 'first', '--dry-run']);
  expect(stdout).toContain(`first → ${source.url}`);
  expect(stdout).toContain('Nothing to bring back.');
  expect(code).toBe(0);
});

it('does nothing but plans', async () => {
  const { stderr, code } = await cli.run(['restore', 'first']);
  expect(stderr).toContain('APPLY_MISSING');
  expect(code).toBe(2);
});

it('shows the plan by kind, keeps it in a file, and ends with 5 while somebody has to decide', async () => {
  await onClone(
    "UPDATE wp_posts SET post_content = 'New here' WHERE post_name = 'hello-world'; UPDATE wp_posts SET post_content = 'Mine' WHERE post_name = 'sample-page'; UPDATE wp_options SET option_value = 'Mine' WHERE option_name IN ('blogname', 'blogdescription')",
  );
  await source.query("UPDATE wp_posts SET post_content = 'Theirs' WHERE post_name = 'sample-page'");
  writeFileSync(
    join(cli.cloneFolder(), 'www/wp-content/plugins/forms/forms.php'),
    '<?php /* Plugin Name: Forms\nVersion: 2.4 */',
  );
  const file = join(cli.home, 'plan.json');
  const { stdout, code } = await cli.run(['restore', 'first', '--dry-run', '--out', file]);
  expect(code).toBe(5);
  expect(stdout).toMatch(/the live site since: 1 page changed/);
  expect(stdout).toMatch(/content {3}Post "Hello world!": text changed/);
  expect(stdout).toMatch(/settings {2}blogname, blogdescription/);
  expect(stdout).toMatch(/code {6}plugin forms 2\.1 → 2\.4: 1 file/);
  expect(stdout).toMatch(/conflict {2}Page "Sample Page" \[page:\d+\]: text changed here and on the live site/);
  const plan = planSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(plan).toMatchObject({ conflicts: 1, changes: 4 });
  expect(readFileSync(file, 'utf8')).not.toContain('New here');
  const decided = await cli.run(['restore', 'first', '--dry-run', '--take', 'live', '--only', 'content', '--json']);
  expect(decided.code).toBe(0);
  expect(planSchema.parse(JSON.parse(decided.stdout))).toMatchObject({ conflicts: 0, changes: 1 });
});

it('refuses another site than the one that was cloned, and what is not KIND:NAME', async () => {
  const other = await startSource();
  try {
    const wrong = await cli.run(
      ['restore', 'first', '--dry-run', '--to', other.url, '-u', other.adminUser, '--password-file', '-'],
      { input: `${other.adminPassword}\n` },
    );
    expect(wrong.stderr).toContain('NOT_THE_SOURCE');
    expect(wrong.code).toBe(5);
  } finally {
    await other.stop();
  }
  const bad = await cli.run(['restore', 'first', '--dry-run', '--only', 'a b:c']);
  expect(bad.stderr).toContain('BAD_INPUT');
  expect(bad.code).toBe(2);
});
