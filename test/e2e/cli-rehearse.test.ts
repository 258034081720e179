import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandLine } from '../support/cli.ts';
import { sqlOfClone } from '../support/clone-sql.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;

const login = ['-u', 'admin', '--password-file', '-'];
const input = () => ({ input: `${source.adminPassword}\n` });

beforeAll(async () => {
  source = await startSource({
    posts: 3,
    plugins: { 'forms/forms.php': '<?php /* Plugin Name: Forms\nVersion: 2.1 */' },
  });
  await cli.json(['clone', source.url, '-u', source.adminUser, '--name', 'first', '--password-file', '-'], input());
  await sqlOfClone(
    cli,
    "UPDATE wp_posts SET post_content = '<h2>Brought here</h2>', post_title = '../../<b>Hello</b>' WHERE post_name = 'hello-world'",
  );
  writeFileSync(
    join(cli.cloneFolder(), 'www/wp-content/plugins/forms/forms.php'),
    '<?php /* Plugin Name: Forms\nVersion: 2.4 */',
  );
}, 180_000);
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

const titles = (): Promise<unknown> => source.query('SELECT post_title, post_content FROM wp_posts ORDER BY ID');
const clones = async (): Promise<string[]> =>
  (await cli.run(['list', '--json'])).stdout.match(/"clone_id": ?"[^"]+"/g)?.map(String) ?? [];

it('tries a plan out on a copy of the live site, keeps pictures of what changes, and leaves nothing of the copy', async () => {
  const before = await titles();
  const folder = join(cli.home, 'pictures');
  const words = ['restore', 'first', '--dry-run', '--rehearse', '--pictures', folder, ...login];
  const { stdout, stderr, code } = await cli.run(words, input());
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(stdout).toMatch(/content {3}Post /);
  expect(stdout).toMatch(/Rehearsed on a copy of http.*: wrote 1 row and 1 file of 2 things/);
  expect(stdout).toMatch(/post:\d+: [\d,]+ points \([\d.]+ %\) differ/);
  const files = readdirSync(folder);
  expect(files).toEqual(
    expect.arrayContaining(['01-front-page-before.png', '01-front-page-after.png', '02-post-1-difference.png']),
  );
  for (const file of files) expect(readFileSync(join(folder, file)).subarray(1, 4).toString()).toBe('PNG');
  expect(await titles()).toEqual(before);
  expect(await clones()).toEqual(['"clone_id": "first"']);
  expect((await cli.run(['restore', 'list'])).stdout).toContain('Nothing was restored');
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
}, 240_000);

/** Ends a rehearsal as it begins a step. */
async function cutOff(step: string, signal: 'SIGKILL' | 'SIGINT'): Promise<{ readonly code: number | null }> {
  const words = ['restore', 'first', '--dry-run', '--rehearse', '--events', '-u', 'admin'];
  const running = cli.start(words, { environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword } });
  await running.seen(new RegExp(`"type":"step-started","step":"${step}"`));
  running.process.kill(signal);
  return running.finished;
}

it('leaves nothing when it is killed, or what ends by itself within two minutes, and nothing at all after Ctrl-C', async () => {
  const before = await titles();
  // It may have been over by then.
  expect([0, 130]).toContain((await cutOff('apply', 'SIGINT')).code);
  expect(await clones()).toEqual(['"clone_id": "first"']);
  await cutOff('copy', 'SIGKILL');
  await cli.run(['gc']);
  expect(await clones()).toEqual(['"clone_id": "first"']);
  await cutOff('apply', 'SIGKILL');
  const { clones: left } = await cli.json<{ clones: { clone_id: string; expires_at: string }[] }>(['list']);
  const copies = left.filter(({ clone_id: id }) => id !== 'first');
  for (const copy of copies) expect(Date.parse(copy.expires_at)).toBeLessThan(Date.now() + 121_000);
  // Nobody holds the clone any more, and nothing of it is at the live site.
  await cli.json(['restore', 'first', '--dry-run']);
  expect([await titles(), await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")]).toEqual([before, []]);
  for (const copy of copies) await cli.run(['delete', copy.clone_id, '--force']);
  expect((await cli.run(['restore', 'list'])).stdout).toContain('Nothing was restored');
}, 240_000);

it('is refused for a clone in pods before anything is copied: none of them reaches the copy', async () => {
  const asked = ['restore', 'first', '--dry-run', '--rehearse', '--runtime', 'kubernetes', '--json'];
  const { code, stdout } = await cli.run(asked);
  expect([code, JSON.parse(stdout)]).toMatchObject([2, { error: { code: 'BAD_INPUT' } }]);
});

it('says what breaks the copy, and touches nothing else', async () => {
  const plugin = join(cli.cloneFolder(), 'www/wp-content/plugins/forms/forms.php');
  const before = readFileSync(plugin, 'utf8');
  writeFileSync(plugin, '<?php /* Plugin Name: Forms\nVersion: 2.5 */ there_is_no_such_function();');
  const { code, stderr } = await cli.run(['restore', 'first', '--rehearse', '--yes', ...login], input());
  expect([code, stderr]).toEqual([1, expect.stringContaining('RESTORE_BROKE')]);
  expect(readFileSync(join(source.content, 'plugins/forms/forms.php'), 'utf8')).toContain('2.1');
  expect(await clones()).toEqual(['"clone_id": "first"']);
  expect(existsSync(join(source.path, '.maintenance'))).toBe(false);
  writeFileSync(plugin, before);
}, 240_000);

it('applies to the live site afterwards what went well on the copy', async () => {
  const applied = await cli.json(['restore', 'first', '--rehearse', '--yes', ...login], input());
  expect(applied).toMatchObject({
    restore: { url: source.url, status: 'applied', items: 2 },
    rehearsal: { items: 2, otherwise: [], pictures: [], warnings: [] },
  });
  expect(readFileSync(join(source.content, 'plugins/forms/forms.php'), 'utf8')).toContain('2.4');
  expect(await clones()).toEqual(['"clone_id": "first"']);
}, 240_000);
