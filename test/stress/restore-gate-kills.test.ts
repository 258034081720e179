import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TableAddition } from '../../src/restore/changes.ts';
import { stageChanges } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { fileChange, put, restoreFolders } from '../support/restore-files.ts';
import { changesOf, keyed, pick, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

/** Kills in all; each takes some seconds. */
const KILLS = Math.round(200 * Number(process.env['WPCLONE_STRESS'] ?? 1));
/** Visitors who come again and again: more than PHP has processes, so that all of these wait at the gate. */
const VISITORS = 7;
/** Files of the plugin; a page that finds two versions of them says so. */
const PARTS = 12;

let mariadb: Mariadb;
let source: Source;
let access: SourceAccess;
let www: string;
let there: string;

type Word = 'old' | 'new';
const plugin = (word: Word): Record<string, string> => ({
  'forms/forms.php': `<?php /* Plugin Name: Forms */ $forms = array( '${word}' ); for ( $at = 0; $at < ${PARTS}; $at++ ) { $forms[] = include __DIR__ . "/$at.php"; } define( 'FORMS', implode( ' ', array_unique( $forms ) ) ); add_action( 'wp_footer', function () { echo '<!-- forms ' . FORMS . ' ' . get_option( 'forms_word' ) . ' -->'; } );`,
  ...Object.fromEntries(
    Array.from({ length: PARTS }, (_, at) => [`forms/${at}.php`, `<?php return '${word}'; // ${at}`]),
  ),
});

beforeAll(async () => {
  // What was committed survives the end of the process, as it does wherever the defaults stand.
  mariadb = await startMariadb({ settings: ['--innodb-flush-log-at-trx-commit=2'] });
  source = await startSource({ mariadb, plugins: plugin('old') });
  await source.php(`update_option( 'forms_word', 'old' ); wp_mkdir_p( wp_upload_dir()["basedir"] );`);
  await source.query('CREATE TABLE wp_forms (id INT NOT NULL PRIMARY KEY, a VARCHAR(20) NOT NULL) ENGINE=InnoDB');
  await source.query("INSERT INTO wp_forms VALUES (1, 'a'), (2, 'b')");
  access = await installMigrator(source);
  www = makeTemp('restore-gate-kills');
  there = join(source.content, 'plugins');
});
afterAll(async () => {
  await source.stop();
  await mariadb.stop();
});

/** What the plugin's newer version has of tables: a column and a key more, and a table. */
const WORDS = { type: 'varchar(20)', collation: null, nullable: false, stamped: false, counts: false } as const;
const SCHEMA: readonly TableAddition[] = [
  {
    item: 0,
    table: 'wp_forms',
    kind: 'extend',
    columns: [{ ...WORDS, name: 'tone', fallback: 'value', value: 'plain' }],
    keys: [{ kind: 'plain', name: 'tone', parts: [{ column: 'tone', length: 10 }] }],
  },
  {
    item: 0,
    table: 'wp_forms_log',
    kind: 'make',
    columns: [
      { ...WORDS, name: 'id', type: 'int(11)', fallback: 'none' },
      { ...WORDS, name: 'said', fallback: 'none' },
    ],
    keys: [{ kind: 'primary', name: '', parts: [{ column: 'id', length: null }] }],
    engine: 'InnoDB',
    collation: null,
  },
];
const TONES = [
  keyed('wp_forms', 'id', {
    updates: [{ item: 0, key: { id: '2' }, before: { a: 'b', tone: 'plain' }, after: { a: 'bb', tone: 'loud' } }],
  }),
  keyed('wp_forms_log', 'id', { inserts: [{ item: 0, row: { id: '1', said: 'new' } }] }),
];

/** Which version's tables are there, with its rows. */
async function tablesThere(): Promise<Word | 'mixed'> {
  const [{ tables } = {}] = await source.query(
    "SELECT COUNT(*) AS tables FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'wp_forms_log'",
  );
  const rows = JSON.stringify(await source.query('SELECT * FROM wp_forms ORDER BY id'));
  const log = Number(tables) === 0 ? 'none' : JSON.stringify(await source.query('SELECT * FROM wp_forms_log'));
  if (rows === '[{"id":1,"a":"a"},{"id":2,"a":"b"}]' && log === 'none') return 'old';
  const isNew = rows === '[{"id":1,"a":"a","tone":"plain"},{"id":2,"a":"bb","tone":"loud"}]';
  return isNew && log === '[{"id":1,"said":"new"}]' ? 'new' : 'mixed';
}

const maintenance = (): string => join(source.path, '.maintenance');

async function stage(): Promise<WriteKey> {
  await unlock();
  const key = await restoreKey(source);
  const row = await rowOf(source, 'wp_options', "option_name = 'forms_word'");
  const before = pick(row, 'option_value');
  const update = { item: 0, key: pick(row, 'option_id'), before, after: { option_value: 'new' } };
  const tables = [keyed('wp_options', 'option_id', { updates: [update] }), ...TONES];
  const [old, wanted] = [plugin('old'), plugin('new')];
  const files = Object.entries(wanted).map(([path, text]) =>
    fileChange(0, `plugins:${path}`, old[path] ?? null, text, www),
  );
  const changes = { ...changesOf(tables, [{ id: 'plugin:forms', title: 'Forms' }]), files, schema: SCHEMA };
  await stageChanges(patient(key), changes, { www, signal: never });
  return key;
}

/** What a killed writer leaves of WordPress's lock keeps others out for a minute: let that be over. */
const unlock = (): Promise<unknown> => source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");

/** A client for between the kills: PHP may take a moment to be back. */
const patient = (key: WriteKey): WriteClient =>
  writeClient(access, key, { sleep: (milliseconds) => delay(milliseconds) });

type Step = 'apply' | 'undo' | 'accept' | 'leave';
const doStep = (step: Step, client: WriteClient, signal: AbortSignal): Promise<unknown> =>
  step === 'undo' ? client.undo(undefined, signal) : client[step](signal);

/** What a visitor is shown; undefined: PHP is away, or says that it waits. A page of two versions is one of the ends. */
async function look(): Promise<string | undefined> {
  try {
    const { statusCode, body } = await request(`${source.url}/`, { bodyTimeout: 20_000, headersTimeout: 20_000 });
    const shown = /<!-- forms (.*?) -->/.exec(await body.text())?.[1];
    return statusCode === 200 ? (shown ?? 'nothing') : statusCode < 500 ? String(statusCode) : undefined;
  } catch {
    return undefined;
  }
}

/** Visitors who come again and again until `over`; what they were shown. */
async function crowd(over: AbortSignal): Promise<Set<string>> {
  const seen = new Set<string>();
  const visitor = async (): Promise<void> => {
    while (!over.aborted) {
      const shown = await look();
      if (shown !== undefined) seen.add(shown);
      else await delay(20);
    }
  };
  await Promise.all(Array.from({ length: VISITORS }, visitor));
  return seen;
}

/** What a visitor is shown as soon as one is shown anything. */
async function firstShown(): Promise<string> {
  for (let left = 60; left > 0; left -= 1) {
    const page = await look();
    if (page !== undefined) return page;
    await delay(200);
  }
  return 'nobody was shown anything';
}

type Kind = 'php' | 'mariadb' | 'connections' | 'wpclone';
const KINDS: readonly Kind[] = ['php', 'php', 'mariadb', 'connections', 'wpclone'];

/** Ends something in the middle of what the site does, while all of PHP's processes wait at the gate. */
async function killDuring(step: Step, kind: Kind, after: number, key: WriteKey): Promise<void> {
  const stop = new AbortController();
  const client = writeClient(access, key, { sleep: () => Promise.reject(new Error('killed')) });
  const working = doStep(step, client, stop.signal).catch(() => undefined);
  await delay(after);
  if (kind === 'php') await source.killWeb();
  else if (kind === 'mariadb') await mariadb.kill();
  else if (kind === 'connections') {
    const own = await source.query(
      `SELECT id FROM information_schema.PROCESSLIST WHERE user = '${source.database.user}'`,
    );
    for (const { id } of own) await source.query(`KILL CONNECTION ${Number(id)}`).catch(() => undefined);
  }
  if (kind === 'php' || kind === 'wpclone') stop.abort();
  await working;
  await client.close();
  if (kind === 'php') await source.restart();
  if (kind === 'mariadb') await mariadb.restart();
}

/** Milliseconds that a step takes here and now, with the crowd: kills fall anywhere into it, and a little behind it. */
const spans: Record<Step, number> = { apply: 1_500, undo: 1_500, accept: 400, leave: 400 };
async function killedOrDone(step: Step, kind: Kind, key: WriteKey): Promise<Set<string>> {
  const over = new AbortController();
  const visitors = crowd(over.signal);
  const began = Date.now();
  await killDuring(step, kind, randomInt(spans[step]), key);
  const took = Date.now() - began;
  // One that was not cut off says how long it takes.
  if (kind === 'wpclone') spans[step] = Math.min(4_000, Math.max(400, Math.ceil(took * 1.2)));
  over.abort();
  const seen = await visitors;
  // Whoever asked is dead, but what was asked for goes on.
  if (kind === 'wpclone') await quiet();
  return seen;
}

/** Until nobody works with the database any more. */
async function quiet(): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    const own = await source.query(
      `SELECT id FROM information_schema.PROCESSLIST WHERE user = '${source.database.user}'`,
    );
    if (own.length === 0) return;
    await delay(100);
  }
}

async function putBack(): Promise<void> {
  for (const [path, text] of Object.entries(plugin('old'))) {
    rmSync(join(there, path), { force: true });
    put(there, path, text);
  }
  await source.query("UPDATE wp_options SET option_value = 'old' WHERE option_name = 'forms_word'");
  await source.query('ALTER TABLE wp_forms DROP KEY tone, DROP COLUMN tone');
  await source.query("UPDATE wp_forms SET a = 'b' WHERE id = 2");
  await source.query('DROP TABLE wp_forms_log');
}

const codeThere = (): Word | 'mixed' => {
  const is = (word: Word): boolean =>
    Object.entries(plugin(word)).every(([path, text]) => readFileSync(join(there, path), 'utf8') === text);
  return is('old') ? 'old' : is('new') ? 'new' : 'mixed';
};

it(
  `visitors find the old code with its rows and tables or the new with its, whatever is killed (${KILLS} kills)`,
  { timeout: KILLS * 25_000 },
  async () => {
    const ends: Record<string, number> = {};
    let key = await stage();
    let [closed, mixed] = [0, 0];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { state } = await patient(key).status(false, never);
      const step = state === 'applied' ? (['undo', 'accept', 'leave', 'undo'] as const)[kill % 4] : 'apply';
      const kind = KINDS[randomInt(KINDS.length)];
      if (step === undefined || kind === undefined) throw new Error('there is one');
      const seen = await killedOrDone(step, kind, key);
      closed += existsSync(maintenance()) ? 1 : 0;
      // The first who comes heals, before anybody asks about the restore.
      const page = await firstShown();
      const healed = codeThere();
      key = await restoreKey(source, key.restore);
      await unlock();
      const after = (await patient(key).status(false, never)).state;
      const end = `${kind} during ${step}: ${state} → ${after}`;
      ends[end] = (ends[end] ?? 0) + 1;
      if (process.env['WPCLONE_STRESS_TELL'] !== undefined) console.log(`${kill} ${end}`);
      const word = after === 'sealed' || after === 'undone' ? 'old' : 'new';
      expect({ end, page, healed, code: codeThere() }).toEqual({
        end,
        page: `${word} ${word}`,
        healed: word,
        code: word,
      });
      // Those who had begun before may have read some of either: the others waited.
      mixed += [...seen].filter((each) => !/^(old|new) (old|new)$/.test(each)).length;
      // What was begun of taking tables back goes on with whoever asks next.
      if (after === 'undone') await patient(key).finish(never);
      expect([end, await tablesThere()]).toEqual([end, word]);
      if (after !== 'undone' && after !== 'accepted') continue;
      if (after === 'accepted') await patient(key).finish(never);
      expect([existsSync(maintenance()), restoreFolders(source)]).toEqual([false, []]);
      if (after === 'accepted') await putBack();
      key = await stage();
    }
    console.log(ends, `the gate was there after ${closed} kills; ${mixed} pages that had begun before were of both`);
    await patient(key)
      .finish(never)
      .catch(() => undefined);
  },
);
