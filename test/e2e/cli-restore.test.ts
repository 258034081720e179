import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planSchema } from '../../src/restore/plan/schema.ts';
import { commandLine } from '../support/cli.ts';
import { sqlOfClone } from '../support/clone-sql.ts';
import { optionOf } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;

/** What people did to the clone, and to the live site meanwhile; done twice it is as done once. */
async function changeBoth(): Promise<void> {
  await sqlOfClone(
    cli,
    "UPDATE wp_posts SET post_content = 'New here' WHERE post_name = 'hello-world'; UPDATE wp_posts SET post_content = 'Mine' WHERE post_name = 'sample-page'; UPDATE wp_options SET option_value = 'Mine' WHERE option_name IN ('blogname', 'blogdescription')",
  );
  await source.query("UPDATE wp_posts SET post_content = 'Theirs' WHERE post_name = 'sample-page'");
  writeFileSync(
    join(cli.cloneFolder(), 'www/wp-content/plugins/forms/forms.php'),
    '<?php /* Plugin Name: Forms\nVersion: 2.4 */',
  );
}

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

it('shows the plan by kind, keeps it in a file, and ends with 5 while somebody has to decide', async () => {
  await changeBoth();
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

it('brings a clone to another site, where it asks about what both have otherwise, and takes it back', async () => {
  await changeBoth();
  const other = await startSource({ mariadb: source.mariadb });
  const blogname = (): Promise<unknown> => optionOf(other, 'blogname');
  try {
    const before = await blogname();
    const words = ['--to', other.url, '-u', other.adminUser, '--password-file', '-'];
    const input = { input: `${other.adminPassword}\n` };
    const only = ['--only', 'option:blogname'];
    const file = join(cli.home, 'other.json');
    const asked = await cli.run(['restore', 'first', '--dry-run', ...only, ...words], input);
    expect(asked.stdout).toMatch(/conflict {2}blogname \[option:blogname\]: value not the same on both sides/);
    expect(asked.stdout).toContain('nothing is remembered of it');
    expect(asked.code).toBe(5);
    await cli.run(['restore', 'first', '--dry-run', '--take', 'clone', '--out', file, ...only, ...words], input);
    const applied = await cli.json(['restore', 'first', '--apply', file, '--yes', ...words.slice(2)], input);
    expect(applied).toMatchObject({ restore: { url: other.url, status: 'applied', items: 1 } });
    expect(await blogname()).toBe('Mine');
    const id = /rst-[a-z2-7]{8}/.exec(JSON.stringify(applied))?.[0] ?? '';
    await cli.run(['restore', 'undo', id, '--yes', ...words.slice(2)], input);
    expect(await blogname()).toBe(before);
    expect(await other.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
  } finally {
    await other.stop();
  }
}, 120_000);

it('refuses what is not KIND:NAME', async () => {
  const bad = await cli.run(['restore', 'first', '--dry-run', '--only', 'a b:c']);
  expect(bad.stderr).toContain('BAD_INPUT');
  expect(bad.code).toBe(2);
});

const contentOf = async (name: string): Promise<unknown> =>
  (await source.query(`SELECT post_content FROM wp_posts WHERE post_name = '${name}'`))[0]?.['post_content'];
const login = ['-u', 'admin', '--password-file', '-'];
const password = () => ({ input: `${source.adminPassword}\n` });

it('writes nothing while something has to be decided, or without somebody who agrees', async () => {
  await changeBoth();
  const before = [await contentOf('hello-world'), await contentOf('sample-page')];
  const file = join(cli.home, 'undecided.json');
  await cli.run(['restore', 'first', '--dry-run', '--out', file]);
  const refused: readonly [string[], string][] = [
    [['--apply', file, '--yes'], 'RESTORE_CONFLICTS'],
    [['--take', 'live', '--skip', 'plugin:forms', ...login], 'Add --yes to do it without a question.'],
  ];
  for (const [words, says] of refused) {
    const { stderr } = await cli.run(['restore', 'first', ...words], password());
    expect(stderr).toContain(says);
  }
  expect([await contentOf('hello-world'), await contentOf('sample-page')]).toEqual(before);
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
});

it('brings what was agreed to to the live site, and takes it back without what came since', async () => {
  await changeBoth();
  const file = join(cli.home, 'agreed.json');
  const choice = ['--take', 'live', '--skip', 'plugin:forms'];
  await cli.run(['restore', 'first', '--dry-run', ...choice, '--out', file], password());
  const before = await contentOf('hello-world');
  await source.query("UPDATE wp_posts SET post_content = 'Meanwhile' WHERE post_name = 'hello-world'");
  const late = await cli.run(['restore', 'first', '--apply', file, '--yes', ...login], password());
  expect([late.code, late.stderr]).toEqual([5, expect.stringContaining('PLAN_OUTDATED')]);
  await source.query(
    `UPDATE wp_posts SET post_content = '${String(before).replaceAll("'", "''")}' WHERE post_name = 'hello-world'`,
  );
  await source.query(
    "INSERT INTO wp_posts (ID, post_type, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered) VALUES (95000, 'shop_order', '', 'Order', '', '', '', '')",
  );
  const applied = await cli.json(['restore', 'first', '--apply', file, '--yes', ...login], password());
  expect(applied).toMatchObject({
    restore: { status: 'applied', clone_id: 'first', items: 3, rows: { wp_posts: 1, wp_options: 2 } },
  });
  expect(await contentOf('hello-world')).toBe('New here');
  expect(await contentOf('sample-page')).toBe('Theirs');
  const listed = await cli.run(['restore', 'list']);
  const id = /rst-[a-z2-7]{8}/.exec(listed.stdout)?.[0] ?? '';
  const asked = await cli.run(['restore', 'undo', id, ...login], password());
  expect([asked.code, asked.stderr]).toEqual([3, expect.stringContaining('Add --yes to do it without a question.')]);
  expect(await contentOf('hello-world')).toBe('New here');
  const undone = await cli.run(['restore', 'undo', id, '--yes', ...login], password());
  expect(undone.stdout).toContain('nothing of it is left there');
  expect(await contentOf('hello-world')).toBe(before);
  expect(await source.query('SELECT post_title FROM wp_posts WHERE ID = 95000')).toEqual([{ post_title: 'Order' }]);
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
});
