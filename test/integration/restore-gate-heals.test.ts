import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { cutOff } from '../support/restore-cuts.ts';
import { fileChange, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { changesOf, restoreKey, writeClient } from '../support/restore.ts';
import { FORM } from '../support/signed.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp, run } from '../support/temp.ts';

const plugin = (word: string): string =>
  `<?php /* Plugin Name: Forms */ add_action( 'wp_footer', function () { echo '<!-- forms ${word} -->'; } );`;

let source: Source;
let access: SourceAccess;
let www: string;
let there: string;

beforeAll(async () => {
  source = await startSource({
    plugins: { 'forms/forms.php': plugin('old') },
    muPlugins: {
      'slow.php':
        "<?php add_action( 'init', function () { for ( $left = 600; isset( $_GET['slow'] ) && $left > 0 && ! file_exists( WP_CONTENT_DIR . '/go-on' ); $left-- ) { touch( WP_CONTENT_DIR . '/waits' ); usleep( 100000 ); clearstatcache(); } } );",
    },
  });
  await source.php(`wp_mkdir_p( wp_upload_dir()["basedir"] );`);
  access = await installMigrator(source);
  www = makeTemp('restore-gate-heals');
  there = join(source.content, 'plugins');
});
afterAll(() => source.stop());

const maintenance = (): string => join(source.path, '.maintenance');
const note = (): string => join(there, 'wpclone-migrator/gate-note.php');
const code = (): string => readFileSync(join(there, 'forms/forms.php'), 'utf8');

async function visit(): Promise<string> {
  const { statusCode, body } = await request(`${source.url}/`);
  return `${statusCode} ${/<!-- forms (.*?) -->/.exec(await body.text())?.[1] ?? 'nothing'}`;
}
/** Comes again where the machine is so busy that waiting took too long. */
async function patientVisit(): Promise<string> {
  const page = await visit();
  return page.startsWith('503') ? patientVisit() : page;
}

/** What a killed writer leaves of WordPress's lock keeps others out for a minute: that is over. */
const unlock = (): Promise<unknown> => source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");

async function staged(): Promise<WriteKey> {
  put(there, 'forms/forms.php', plugin('old'));
  await unlock();
  const key = await restoreKey(source);
  const files = [fileChange(0, 'plugins:forms/forms.php', plugin('old'), plugin('new'), www)];
  const changes = { ...changesOf([], [{ id: 'plugin:forms', title: 'Forms' }]), files };
  await stageChanges(writeClient(access, key), changes, { www, signal: never });
  return key;
}

/** An apply that is cut off when the new code is there, and nothing says yet that it was written. */
async function cutWithNewCode(): Promise<WriteKey> {
  const key = await staged();
  // The last that its transaction writes is its state.
  expect(await cutOff(source, key.restore, 'apply', 'applied')).toBe(true);
  expect(code()).toContain('new');
  return key;
}

it('whoever comes to the gate puts nothing back while somebody is still moving files, though they lost the database', async () => {
  const key = await cutWithNewCode();
  const lock = join(uploadsOf(source), restoreFolders(source)[0] ?? '', 'lock');
  const mover = spawn('flock', [lock, 'sh', '-c', 'echo here; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(mover.stdout, 'data');
  expect([await visit(), code()]).toEqual(['503 nothing', plugin('new')]);
  // Whoever only says that the restore is theirs waits like everybody else.
  const forged = `wpclone=${key.restore}.${Math.floor(Date.now() / 1000)}.${'a'.repeat(32)}.9.${'0'.repeat(128)}.eA`;
  const answer = await request(`${source.url}/`, { method: 'POST', headers: FORM, body: forged });
  expect([answer.statusCode, (await answer.body.text()).includes('wpclone')]).toEqual([503, false]);
  mover.stdin.end();
  await once(mover, 'exit');
  expect([await patientVisit(), existsSync(maintenance())]).toEqual(['200 old', false]);
  await writeClient(access, key).finish(never);
});

it('a request that had begun before does not wait at the gate when it ends, and puts nothing back', async () => {
  const slow = request(`${source.url}/?slow=1`);
  await expect.poll(() => existsSync(join(source.content, 'waits')), { timeout: 30_000 }).toBe(true);
  const key = await cutWithNewCode();
  writeFileSync(join(source.content, 'go-on'), '');
  const { statusCode, body } = await slow;
  expect(await body.text()).toContain('<!-- forms old -->');
  expect([statusCode, code(), existsSync(maintenance())]).toEqual([200, plugin('new'), true]);
  expect([await patientVisit(), code(), existsSync(maintenance())]).toEqual(['200 old', plugin('old'), false]);
  await writeClient(access, key).finish(never);
});

/** As if the gate had been opened, and asked for, so many seconds ago. */
function age(seconds: number): void {
  const text = readFileSync(note(), 'utf8');
  const aged = text.replace(/"since":([\d.]+)/, (_, since: string) => `"since":${Number(since) - seconds}`);
  expect(aged).not.toBe(text);
  const then = Date.now() / 1000 - seconds;
  writeFileSync(`${note()}.new`, aged);
  utimesSync(`${note()}.new`, then, then);
  // In one step: a visitor who finds half of it takes the gate away.
  renameSync(`${note()}.new`, note());
}

it('the gate of a restore that nobody goes on with is taken away by the first visitor after a minute', async () => {
  const key = await staged();
  await applyStaged(writeClient(access, key), never);
  age(40);
  expect([await visit(), existsSync(maintenance())]).toEqual(['200 new', true]);
  age(40);
  // Whoever is still at it is heard.
  await writeClient(access, key).status(false, never);
  expect([await visit(), existsSync(maintenance())]).toEqual(['200 new', true]);
  age(80);
  expect([await visit(), existsSync(maintenance()), existsSync(note())]).toEqual(['200 new', false, false]);
  await undoApplied(writeClient(access, key), undefined, never);
  expect(await visit()).toBe('200 old');
});

it('a site whose path is no UTF-8 is healed, and let be written to', async () => {
  await run([
    'sh',
    '-c',
    String.raw`cd "$1" && mv docroot "$(printf 'caf\351')" && ln -s "$(printf 'caf\351')" docroot`,
    '-',
    join(source.docroot, '..'),
  ]);
  await source.restart();
  expect(await source.php('echo bin2hex( basename( ABSPATH ) );')).toBe('636166e9');
  const key = await cutWithNewCode();
  expect([await patientVisit(), existsSync(maintenance())]).toEqual(['200 old', false]);
  const client = writeClient(access, key);
  await unlock();
  await applyStaged(client, never);
  expect(await visit()).toBe('200 new');
  await undoApplied(client, undefined, never);
  expect([await visit(), readdirSync(uploadsOf(source)).filter((name) => name.startsWith('.wpclone'))]).toEqual([
    '200 old',
    [],
  ]);
});
