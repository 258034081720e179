import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyStaged, stageChanges } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { fileChange, filesBelow, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { changesOf, keyed, postMeta, restoreKey, rowsOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

/** Kills in all; each takes some seconds. */
const KILLS = 200 * Number(process.env['WPCLONE_STRESS'] ?? 1);
const POSTS = 300;

let mariadb: Mariadb;
let source: Source;
let access: SourceAccess;
let uploads: string;
let www: string;

beforeAll(async () => {
  // What was committed survives the end of the process, as it does wherever the defaults stand.
  // By default a table of MyISAM that was open in a crash is looked at quickly only: of 44 kills of MariaDB alone amid writes six left one
  // damaged, with this one of 60.
  mariadb = await startMariadb({
    settings: ['--innodb-flush-log-at-trx-commit=2', '--myisam-recover-options=BACKUP,FORCE'],
  });
  source = await startSource({ mariadb });
  access = await installMigrator(source);
  const posts = Array.from(
    { length: POSTS },
    (_, at) => `(${200_000 + at}, 'post', 'publish', 'old', 'old', '', '', '', '')`,
  );
  await source.query(
    `INSERT INTO wp_posts (ID, post_type, post_status, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered) VALUES ${posts.join(', ')}`,
  );
  await source.query('CREATE TABLE wp_old (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20)) ENGINE=MyISAM');
  await source.query(`INSERT INTO wp_old (word) VALUES ${Array.from({ length: 50 }, () => "('old')").join(', ')}`);
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  uploads = uploadsOf(source);
  www = makeTemp('restore-kills');
  putFiles();
});
afterAll(async () => {
  await source.stop();
  await mariadb.stop();
});

interface Seen {
  readonly old: number;
  readonly new: number;
  readonly made: number;
  readonly files: Readonly<Record<string, string>>;
}

/** Everything that the restore writes: `old` and `new` tell how many rows are which. */
async function seen(): Promise<Seen> {
  const [counts] = await source.query(
    `SELECT SUM(word = 'old') AS old, SUM(word = 'new') AS new FROM (SELECT BINARY post_title AS word FROM wp_posts WHERE ID >= 200000 UNION ALL SELECT BINARY word FROM wp_old WHERE word IN ('old', 'new')) AS all_words`,
  );
  const [made] = await source.query(
    "SELECT (SELECT COUNT(*) FROM wp_postmeta WHERE meta_key = 'made') + (SELECT COUNT(*) FROM wp_old WHERE word = 'made') AS n",
  );
  const files = filesBelow(uploads, FOLDER);
  return { old: Number(counts?.['old']), new: Number(counts?.['new']), made: Number(made?.['n']), files };
}

const FOLDER = 'kills';
const [CHANGED, DELETED, ADDED] = [`${FOLDER}/changed.jpg`, `${FOLDER}/deleted.jpg`, `${FOLDER}/folder/added.jpg`];
const BEFORE: Seen = { old: POSTS + 50, new: 0, made: 0, files: { [CHANGED]: 'old', [DELETED]: 'old' } };
const DONE: Seen = { old: 0, new: POSTS + 50, made: 40, files: { [CHANGED]: 'new', [ADDED]: 'new' } };

function putFiles(): void {
  rmSync(join(uploads, FOLDER), { recursive: true, force: true });
  put(uploads, CHANGED, 'old');
  put(uploads, DELETED, 'old');
}

async function stage(key: WriteKey): Promise<void> {
  const posts = await rowsOf(source, 'wp_posts', 'WHERE ID >= 200000');
  const old = await rowsOf(source, 'wp_old', "WHERE word = 'old'");
  const rows = changesOf([
    keyed('wp_posts', 'ID', {
      updates: posts.map(({ ID = null }) => ({
        item: 0,
        key: { ID },
        before: { post_title: 'old' },
        after: { post_title: 'new' },
      })),
    }),
    postMeta(
      posts.slice(0, 20).map(({ ID = null }) => ({ item: 0, owner: ID, name: 'made', before: [], after: ['made'] })),
    ),
    keyed('wp_old', 'id', {
      updates: old.map(({ id = null }) => ({ item: 0, key: { id }, before: { word: 'old' }, after: { word: 'new' } })),
      inserts: Array.from({ length: 20 }, () => ({ item: 0, row: { word: 'made' } })),
    }),
  ]);
  const files = [
    fileChange(0, CHANGED, 'old', 'new', www),
    fileChange(0, DELETED, 'old', null, www),
    fileChange(0, ADDED, null, 'new', www),
  ];
  await stageChanges(writeClient(access, key), { ...rows, files }, { www, signal: never });
}

/** A client for between the kills: PHP may take a moment to be back. */
const patient = (key: WriteKey): WriteClient =>
  writeClient(access, key, { sleep: (milliseconds) => delay(milliseconds) });

const STEPS = ['apply', 'undo', 'accept'] as const;
type Step = (typeof STEPS)[number];
const doStep = (step: Step, client: WriteClient, signal: AbortSignal): Promise<unknown> =>
  step === 'apply'
    ? applyStaged(client, signal)
    : step === 'undo'
      ? client.undo(undefined, signal)
      : client.accept(signal);

/** Milliseconds that each step takes here and now when nobody disturbs it: kills fall anywhere into it, and a little behind it. */
const spans: Record<Step, number> = { apply: 0, undo: 0, accept: 0 };
async function measure(key: WriteKey): Promise<void> {
  for (const step of ['apply', 'undo', 'apply', 'accept'] as const) {
    const client = patient(key);
    if (step === 'apply' && spans.undo > 0) {
      await client.finish(never);
      Object.assign(key, await restoreKey(source));
      await stage(key);
    }
    const began = Date.now();
    await doStep(step, patient(key), never);
    spans[step] = Math.ceil((Date.now() - began) * 1.1);
  }
  await patient(key).finish(never);
  await putBack();
  console.log('milliseconds undisturbed', spans);
}

/** What was accepted, undone by hand. */
async function putBack(): Promise<void> {
  await source.query("UPDATE wp_posts SET post_title = 'old' WHERE ID >= 200000");
  await source.query("DELETE FROM wp_postmeta WHERE meta_key = 'made'");
  await source.query("UPDATE wp_old SET word = 'old' WHERE word = 'new'");
  await source.query("DELETE FROM wp_old WHERE word = 'made'");
  putFiles();
}

/** What a restore leaves once it is over for good: nothing. */
async function expectNoLitter(): Promise<void> {
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'")).toEqual([]);
  expect(restoreFolders(source)).toEqual([]);
}

const KINDS = ['php', 'mariadb', 'connections', 'wpclone'] as const;
type Kind = (typeof KINDS)[number];

const total = (counts: readonly number[] = []): number => counts.reduce((sum, each) => sum + each, 0);

const CHILD = join(import.meta.dirname, '../support/restore-child.ts');

/** A process of ours asks for a step, and is killed in the middle of it; the site may go on with what it was asked for. */
async function killAsking(step: Step, key: WriteKey): Promise<void> {
  const child = spawn(process.execPath, [CHILD, step], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.end(JSON.stringify({ access, key }));
  await once(child.stdout, 'data');
  await delay(randomInt(spans[step]));
  child.kill('SIGKILL');
  await ended;
}

/** Ends something in the middle of what the site does: PHP and the web server, the database server, its connections, or ourselves. */
async function killDuring(step: Step, kind: Kind, key: WriteKey): Promise<void> {
  if (kind === 'wpclone') return killAsking(step, key);
  const stop = new AbortController();
  const client = writeClient(access, key, { sleep: () => Promise.reject(new Error('killed')) });
  const working = doStep(step, client, stop.signal).catch(() => undefined);
  await delay(randomInt(spans[step]));
  if (kind === 'php') await source.killWeb();
  else if (kind === 'mariadb') await mariadb.kill();
  else {
    const own = await source.query(
      `SELECT id FROM information_schema.PROCESSLIST WHERE user = '${source.database.user}'`,
    );
    for (const { id } of own) await source.query(`KILL CONNECTION ${Number(id)}`).catch(() => undefined);
  }
  if (kind === 'php') stop.abort();
  await working;
  if (kind === 'php') await source.restart();
  if (kind === 'mariadb') await mariadb.restart();
}

it(`ends as before or done, whatever is killed (${KILLS} kills)`, { timeout: KILLS * 15_000 }, async () => {
  const ends: Record<string, number> = {};
  /** How often what was killed during which step; the least often killed is next. */
  const kills = Object.fromEntries(STEPS.map((step) => [step, KINDS.map(() => 0)]));
  const first = { ...(await restoreKey(source)) };
  await stage(first);
  await measure(first);
  let key = await restoreKey(source);
  await stage(key);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { state } = await patient(key).status(false, never);
    const isUndone = total(kills['undo']) <= total(kills['accept']);
    const step = state !== 'applied' ? 'apply' : isUndone ? 'undo' : 'accept';
    const counts = kills[step] ?? [];
    const least = counts.indexOf(Math.min(...counts));
    const killed = KINDS[least] ?? 'php';
    counts[least] = (counts[least] ?? 0) + 1;
    await killDuring(step, killed, key);
    key = await restoreKey(source, key.restore);
    // What a killed writer leaves of WordPress's lock keeps others out for a minute: let that be over.
    await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");
    const client = patient(key);
    const after = (await client.status(false, never)).state;
    const end = `${killed} during ${step}: ${state} → ${after}`;
    ends[end] = (ends[end] ?? 0) + 1;
    if (process.env['WPCLONE_STRESS_TELL'] !== undefined) console.log(`${kill} ${end}`);
    expect({ end, ...(await seen()) }).toEqual({ end, ...(after === 'sealed' || after === 'undone' ? BEFORE : DONE) });
    // Damage that the server's look at its table let pass would meet a statement of this test one day.
    if (killed === 'mariadb') await source.query('REPAIR TABLE wp_old');
    if (after !== 'undone' && after !== 'accepted') continue;
    await client.finish(never);
    await expectNoLitter();
    if (after === 'accepted') await putBack();
    key = await restoreKey(source);
    await stage(key);
  }
  console.log(ends, kills);
  // Each kind at each step, however few there are.
  for (const step of STEPS) expect(Math.min(...(kills[step] ?? []))).toBeGreaterThanOrEqual(Math.max(1, KILLS / 100));
  await writeClient(access, key)
    .finish(never)
    .catch(() => undefined);
});
