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

/** A restore that can be cut off in the middle of an operation: what it is before, and after. */
interface Cuttable {
  readonly key: WriteKey;
  readonly first: Seen;
  readonly last: Seen;
}

async function beforeApply(): Promise<Cuttable> {
  const { key, before, after } = await staged();
  return { key, first: before, last: after };
}

async function applied(): Promise<Cuttable & { readonly before: Seen }> {
  const { key, first, last } = await beforeApply();
  await writeClient(access, key).apply(never);
  return { key, before: first, first: last, last };
}

const MAKE: Readonly<Record<'apply' | 'undo' | 'accept', () => Promise<Cuttable>>> = {
  apply: beforeApply,
  undo: async () => {
    const made = await applied();
    return { ...made, last: made.before };
  },
  accept: applied,
};
const ENDS = { apply: 'applied', undo: 'undone', accept: 'accepted' } as const;

/** What was done leaves nothing once it is over; what was not, is left out. */
async function clear({ key }: Cuttable, state: string): Promise<void> {
  const client = writeClient(access, key);
  // Whoever was killed keeps others from writing for a minute: that is over.
  await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");
  if (state === 'applied') await client.undo(undefined, never);
  await client.finish(never);
  expect(restoreFolders(source)).toEqual([]);
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'")).toEqual([]);
}

/**
 * Cuts an operation off at one step after another, until it comes to its end before. One that comes to its end although it was cut off is
 * followed by another restore.
 */
async function cutEverywhere(operation: 'apply' | 'undo' | 'accept', cut: Cut): Promise<void> {
  let restore: Cuttable | undefined;
  for (let at = 0; ; at += STRIDE) {
    restore ??= await MAKE[operation]();
    const wasCut = await cutOff(source, restore.key.restore, operation, at, cut);
    const { state } = await writeClient(access, restore.key).status(false, never);
    const end = `${cut} during ${operation} → ${state}`;
    if (wasCut) kills[end] = (kills[end] ?? 0) + 1;
    const { first, last } = restore;
    expect({ at, end, ...(await seen()) }).toEqual({ at, end, ...(state === ENDS[operation] ? last : first) });
    expect(wasCut || state === ENDS[operation]).toBe(true);
    if (state === ENDS[operation]) {
      await clear(restore, state);
      restore = undefined;
    }
    if (!wasCut) return;
  }
}

it.for(['kill', 'database'] as const)(
  'a restore with files ends as before or done, wherever it is cut off (%s)',
  { timeout: 1_200_000 },
  async (cut) => {
    for (const operation of ['apply', 'undo', 'accept'] as const) await cutEverywhere(operation, cut);
    expect(Object.keys(kills)).not.toEqual([]);
    console.log(kills);
  },
);
