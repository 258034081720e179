import { chmodSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TableChanges } from '../../src/restore/changes.ts';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { startMariadb, type Mariadb } from '../support/mariadb.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { fileChange, restoreFolders } from '../support/restore-files.ts';
import { changesOf, keyed, pick, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

const plugin = (word: string): string =>
  `<?php /* Plugin Name: Forms */ add_action( 'wp_footer', function () { echo '<!-- forms ${word} -->'; } );`;

/** As sites have it from many a recipe. */
const RULE = 'if (-f $document_root/.maintenance) { return 503; }';

interface Site {
  readonly source: Source;
  readonly access: SourceAccess;
  /** Has nginx go by these rules. */
  rules(text: string): Promise<void>;
}

let mariadb: Mariadb;
let site: Site;
/** One whose PHP has one process: whoever asks while it is busy waits. */
let narrow: Site;
let www: string;

async function start(workers: number): Promise<Site> {
  const folder = makeTemp('rules');
  chmodSync(folder, 0o755);
  const file = join(folder, 'rules.conf');
  writeFileSync(file, '');
  const nginx = `include ${file};`;
  const source = await startSource({ mariadb, workers, nginx, plugins: { 'forms/forms.php': plugin('old') } });
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  const rules = async (text: string): Promise<void> => {
    writeFileSync(file, text);
    await source.restart();
  };
  return { source, rules, access: await installMigrator(source) };
}

beforeAll(async () => {
  mariadb = await startMariadb();
  [site, narrow] = await Promise.all([start(5), start(1)]);
  www = makeTemp('restore-gate-barred');
});
afterAll(async () => {
  await Promise.all([site.source.stop(), narrow.source.stop()]);
  await mariadb.stop();
});
beforeEach(() => Promise.all([site.rules(''), narrow.rules('')]));

const maintenance = ({ source }: Site): boolean => existsSync(join(source.path, '.maintenance'));

async function visit({ source }: Site): Promise<string> {
  const { statusCode, body } = await request(`${source.url}/`);
  return `${statusCode} ${/<!-- forms (.*?) -->/.exec(await body.text())?.[1] ?? 'nothing'}`;
}

const ITEMS = [
  { id: 'plugin:forms', title: 'Forms' },
  { id: 'option:blogname', title: 'blogname' },
];

/** A client that waits as people's do: what it finds depends on what is there at which moment. */
const patient = ({ access }: Site, key: WriteKey): WriteClient =>
  writeClient(access, key, {
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal ? { signal } : {}),
  });

/** Code, and rows besides. */
const stage = (client: WriteClient, tables: readonly TableChanges[] = []): Promise<unknown> =>
  stageChanges(
    client,
    {
      ...changesOf(tables, ITEMS.slice(0, tables.length + 1)),
      files: [fileChange(0, 'plugins:forms/forms.php', plugin('old'), plugin('new'), www)],
    },
    { www, signal: never },
  );

it.each([
  ['answers everybody by itself', RULE],
  [
    'shows a page of its own',
    'error_page 503 =200 /closed.html; location = /closed.html { } if (-f $document_root/.maintenance) { set $closed 1; } if ($uri = /closed.html) { set $closed 0; } if ($closed = 1) { return 503; }',
  ],
  [
    'lets what is posted through and nobody else',
    'set $closed $request_method; if (-f $document_root/.maintenance) { set $closed "$closed closed"; } if ($closed = "GET closed") { return 503; }',
  ],
  [
    'leads elsewhere',
    'if (-f $document_root/.maintenance) { set $closed 1; } if ($uri = /closed.html) { set $closed 0; } if ($closed = 1) { return 302 /closed.html; }',
  ],
])('a web server that %s while WordPress is being updated is found before anything is written', async (_, rule) => {
  writeFileSync(join(site.source.docroot, 'closed.html'), 'We are updating.');
  await site.rules(rule);
  const client = patient(site, await restoreKey(site.source));
  const failure = await failureOf(stage(client));
  expect([failure.code, failure.message, failure.nextSteps[0]]).toEqual([
    'GATE_BARRED',
    expect.stringContaining('.maintenance'),
    expect.stringContaining('--skip code'),
  ]);
  expect([maintenance(site), await visit(site)]).toEqual([false, '200 old']);
  await client.finish(never);
  expect(restoreFolders(site.source)).toEqual([]);
});

it('such a rule is found too where PHP has one process only, and such a host without the rule is written to', async () => {
  await narrow.rules(RULE);
  const barred = patient(narrow, await restoreKey(narrow.source));
  expect((await failureOf(stage(barred))).code).toBe('GATE_BARRED');
  expect([maintenance(narrow), await visit(narrow)]).toEqual([false, '200 old']);
  await barred.finish(never);
  await narrow.rules('');
  const client = patient(narrow, await restoreKey(narrow.source));
  await stage(client);
  await applyStaged(client, never);
  expect(await visit(narrow)).toBe('200 new');
  expect((await undoApplied(client, undefined, never)).state).toBe('undone');
  expect([maintenance(narrow), await visit(narrow), restoreFolders(narrow.source)]).toEqual([false, '200 old', []]);
});

it('visitors are served while it is tried out', async () => {
  const client = patient(site, await restoreKey(site.source));
  const over = new AbortController();
  const seen = new Set<string>();
  const visitor = async (): Promise<void> => {
    while (!over.signal.aborted) seen.add(await visit(site));
  };
  const visitors = [visitor(), visitor()];
  await stage(client);
  over.abort();
  await Promise.all(visitors);
  expect([...seen]).toEqual(['200 old']);
  expect(maintenance(site)).toBe(false);
  await client.finish(never);
});

it('a rule that came after the restore keeps it from being undone, and nothing is taken back by half', async () => {
  const key = await restoreKey(site.source);
  const client = patient(site, key);
  await stage(client);
  await applyStaged(client, never);
  await client.leave(never);
  await site.rules(RULE);
  const again = patient(site, await restoreKey(site.source, key.restore));
  expect((await failureOf(undoApplied(again, undefined, never))).code).toBe('GATE_BARRED');
  expect([maintenance(site), await visit(site)]).toEqual([false, '200 new']);
  await site.rules('');
  await undoApplied(again, undefined, never);
  expect([maintenance(site), await visit(site)]).toEqual([false, '200 old']);
});

it('what is no code can be undone all the same, and what was undone is in nobody’s way', async () => {
  const name = await rowOf(site.source, 'wp_options', "option_name = 'blogname'");
  const key = await restoreKey(site.source);
  const client = patient(site, key);
  const after = { option_value: 'Of the clone' };
  const update = { item: 1, key: pick(name, 'option_id'), before: pick(name, 'option_value'), after };
  await stage(client, [keyed('wp_options', 'option_id', { updates: [update] })]);
  await applyStaged(client, never);
  await client.leave(never);
  await site.rules(RULE);
  const again = patient(site, await restoreKey(site.source, key.restore));
  expect((await undoApplied(again, ['option:blogname'], never)).state).toBe('partly');
  expect([pick(await rowOf(site.source, 'wp_options', "option_name = 'blogname'"), 'option_value')]).toEqual([
    pick(name, 'option_value'),
  ]);
  expect((await failureOf(undoApplied(again, ['plugin:forms'], never))).code).toBe('GATE_BARRED');
  expect([maintenance(site), await visit(site)]).toEqual([false, '200 new']);
  await site.rules('');
  await undoApplied(again, undefined, never);
  expect([maintenance(site), await visit(site), restoreFolders(site.source)]).toEqual([false, '200 old', []]);
});

/** A part of a trial by the command line's PHP, which can be killed or overtaken at a certain place. */
const trial = (part: string, restore: string, before: string): Promise<string> =>
  site.source.php(
    `${before} foreach ( array( 'class-refusal', 'answer-size', 'output', 'write/server', 'write/trial' ) as $part ) { require_once WP_PLUGIN_DIR . "/wpclone-migrator/includes/$part.php"; } ` +
      `try { \\call_user_func( 'Wpclone\\Migrator\\try_gate', array( 'part' => '${part}', 'trial' => '${'a'.repeat(32)}' ), \\Wpclone\\Migrator\\find_restore( '${restore}' ), \\Wpclone\\Migrator\\open_write_session() ); } catch ( \\Wpclone\\Migrator\\Refusal $refusal ) { echo 'refused: ', $refusal->reason; }`,
  );

it.each([
  ['while the file is there', 'usleep( $time ) { static $done = 0; if ( ! $done++ ) {', '} \\\\usleep( $time ); }'],
  [
    'just before',
    'fileinode( $file ) { if ( ! file_exists( ABSPATH . ".maintenance" ) ) {',
    '} return \\\\fileinode( $file ); }',
  ],
])('WordPress that begins to update itself %s keeps its own .maintenance', async (_, begins, ends) => {
  const key = await restoreKey(site.source);
  const client = patient(site, key);
  await stage(client);
  // In place, as where it may not delete: the file has the same number then, which a new one may get as well.
  const update = 'file_put_contents( ABSPATH . ".maintenance", "<?php \\$upgrading = " . time() . "; ?>" );';
  await trial('hold', key.restore, `eval( 'namespace Wpclone\\\\Migrator; function ${begins} ${update} ${ends}' );`);
  const file = join(site.source.path, '.maintenance');
  expect(existsSync(file) && readFileSync(file, 'utf8')).toMatch(/^<\?php \$upgrading = \d+; \?>$/);
  rmSync(file);
  await client.finish(never);
});

it('whoever waits takes the file away where the one who put it there was killed', async () => {
  const key = await restoreKey(site.source);
  const client = patient(site, key);
  await stage(client);
  await site.rules(RULE);
  // It has to be told that it can answer early, as php-fpm can.
  const early = 'function fastcgi_finish_request() { return true; }';
  const waiting = trial('wait', key.restore, early);
  const killed = trial(
    'hold',
    key.restore,
    "eval( 'namespace Wpclone\\\\Migrator; function usleep() { posix_kill( getmypid(), 9 ); }' );",
  );
  await expect(killed).rejects.toThrow();
  await waiting;
  expect([maintenance(site), await visit(site)]).toEqual([false, '200 old']);
  await client.finish(never);
});

/** What is in WordPress's folder of a gate that was cut off before it had its name. */
const halfGate = (): string => join(site.source.path, '.maintenance.wpclone-new');

/** Kills whoever makes the gate just before it gets its name, and leaves it there for a while. */
async function killedBeforeItsName(restore: string): Promise<void> {
  const kills = `rename( $from, $to ) { if ( ABSPATH . ".maintenance" === $to ) { posix_kill( getmypid(), 9 ); } return \\\\rename( $from, $to ); }`;
  await expect(trial('hold', restore, `eval( 'namespace Wpclone\\\\Migrator; function ${kills}' );`)).rejects.toThrow();
  expect([existsSync(halfGate()), maintenance(site)]).toEqual([true, false]);
}

it('what a killed attempt left beside WordPress goes with the next page, also where only a part of it was written', async () => {
  const key = await restoreKey(site.source);
  const client = patient(site, key);
  await stage(client);
  await killedBeforeItsName(key.restore);
  const then = Date.now() / 1000 - 60;
  utimesSync(halfGate(), then, then);
  expect([await visit(site), existsSync(halfGate())]).toEqual(['200 old', false]);
  writeFileSync(halfGate(), '<?php $up');
  utimesSync(halfGate(), then, then);
  expect([await visit(site), existsSync(halfGate())]).toEqual(['200 old', false]);
  await client.finish(never);
});

it('and goes with the plugin, where nobody visits and no restore is known any more', async () => {
  const key = await restoreKey(site.source);
  const client = patient(site, key);
  await stage(client);
  await killedBeforeItsName(key.restore);
  await site.source.query(`DELETE FROM wp_wpclone_restores WHERE id = '${key.restore}'`);
  await site.source.php(
    "require_once ABSPATH . 'wp-admin/includes/plugin.php'; deactivate_plugins( 'wpclone-migrator/wpclone-migrator.php' );",
  );
  expect(existsSync(halfGate())).toBe(false);
});
