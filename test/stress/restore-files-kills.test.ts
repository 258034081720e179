import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stageChanges } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { cutOff, type Cut } from '../support/restore-cuts.ts';
import { fileChange, filesBelow, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { changesOf, keyed, pick, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

/** Every so manieth step is one at which the site is cut off: 1 for all of them. */
const STRIDE = Math.max(1, Math.round(3 / Number(process.env['WPCLONE_STRESS'] ?? 1)));

let source: Source;
let access: SourceAccess;
let uploads: string;
let www: string;
const kills: Record<string, number> = {};

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
  uploads = uploadsOf(source);
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  www = makeTemp('restore-files-kills');
});
afterAll(() => source.stop());

const seen = async () => ({
  ...filesBelow(uploads),
  title: (await rowOf(source, 'wp_posts', 'ID = 1'))['post_title'],
});
type Seen = Awaited<ReturnType<typeof seen>>;

/** A staged restore of three files and a row, and what it makes of the site. */
async function staged(): Promise<{ readonly key: WriteKey; readonly before: Seen; readonly after: Seen }> {
  for (const name of readdirSync(uploads)) rmSync(join(uploads, name), { recursive: true });
  put(uploads, 'old/a.jpg', 'a as it was');
  put(uploads, 'old/b.jpg', 'b as it was');
  await source.query("UPDATE wp_posts SET post_title = 'Old' WHERE ID = 1");
  const key = await restoreKey(source);
  const row = await rowOf(source, 'wp_posts', 'ID = 1');
  const update = { item: 0, key: { ID: '1' }, before: pick(row, 'post_title'), after: { post_title: 'New' } };
  const files = [
    fileChange(0, 'old/a.jpg', 'a as it was', 'a of the clone', www),
    fileChange(0, 'new/folder/one.jpg', null, 'one', www),
    fileChange(0, 'old/b.jpg', 'b as it was', null, www),
  ];
  const changes = { ...changesOf([keyed('wp_posts', 'ID', { updates: [update] })]), files };
  await stageChanges(writeClient(access, key), changes, { www, signal: never });
  const after = { 'old/a.jpg': 'a of the clone', 'new/folder/one.jpg': 'one', title: 'New' };
  return { key, before: await seen(), after };
}

/** Cuts an operation off at one step after another, until it comes to its end before. */
async function cutEverywhere(
  operation: 'apply' | 'undo' | 'accept',
  cut: Cut,
  key: WriteKey,
  [to, first, last]: [string, Seen, Seen],
): Promise<void> {
  const client = writeClient(access, key);
  for (let at = 0; ; at += STRIDE) {
    const wasCut = await cutOff(source, key.restore, operation, at, cut);
    const { state } = await client.status(false, never);
    const end = `${cut} during ${operation} → ${state}`;
    kills[end] = (kills[end] ?? 0) + 1;
    expect({ at, end, ...(await seen()) }).toEqual({ at, end, ...(state === to ? last : first) });
    if (state === to) return;
    expect([at, end, wasCut]).toEqual([at, end, true]);
  }
}

it.for(['kill', 'database'] as const)(
  'a restore with files ends as before or done, wherever it is cut off (%s)',
  { timeout: 1_200_000 },
  async (cut) => {
    const undone = await staged();
    await cutEverywhere('apply', cut, undone.key, ['applied', undone.before, undone.after]);
    await cutEverywhere('undo', cut, undone.key, ['undone', undone.after, undone.before]);
    await writeClient(access, undone.key).finish(never);
    expect(restoreFolders(source)).toEqual([]);
    const accepted = await staged();
    await cutEverywhere('apply', cut, accepted.key, ['applied', accepted.before, accepted.after]);
    await cutEverywhere('accept', cut, accepted.key, ['accepted', accepted.after, accepted.after]);
    await writeClient(access, accepted.key).finish(never);
    expect(restoreFolders(source)).toEqual([]);
    expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
    console.log(kills);
  },
);
