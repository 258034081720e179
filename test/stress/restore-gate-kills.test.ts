import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
  access = await installMigrator(source);
  www = makeTemp('restore-gate-kills');
  there = join(source.content, 'plugins');
});
afterAll(async () => {
  await source.stop();
  await mariadb.stop();
});

const maintenance = (): string => join(source.path, '.maintenance');

async function stage(): Promise<WriteKey> {
  await unlock();
  const key = await restoreKey(source);
  const row = await rowOf(source, 'wp_options', "option_name = 'forms_word'");
  const before = pick(row, 'option_value');
  const update = { item: 0, key: pick(row, 'option_id'), before, after: { option_value: 'new' } };
  const tables = [keyed('wp_options', 'option_id', { updates: [update] })];
  const [old, wanted] = [plugin('old'), plugin('new')];
  const files = Object.entries(wanted).map(([path, text]) =>
    fileChange(0, `plugins:${path}`, old[path] ?? null, text, www),
  );
  const changes = { ...changesOf(tables, [{ id: 'plugin:forms', title: 'Forms' }]), files };
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
}

const codeThere = (): Word | 'mixed' => {
  const is = (word: Word): boolean =>
    Object.entries(plugin(word)).every(([path, text]) => readFileSync(join(there, path), 'utf8') === text);
  return is('old') ? 'old' : is('new') ? 'new' : 'mixed';
};

it(
  `visitors find the old code with its rows or the new with its, whatever is killed (${KILLS} kills)`,
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
      if (after !== 'undone' && after !== 'accepted') continue;
      await patient(key).finish(never);
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
