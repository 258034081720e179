import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectOperations } from '../../src/operations/direct.ts';
import type { Operations } from '../../src/operations/types.ts';
import { newRestoreId } from '../../src/restore/write/id.ts';
import { applyStaged, stageChanges } from '../../src/restore/write/write.ts';
import { connectToWrite } from '../../src/site/connect/by-login.ts';
import { asAdmin, connectDeps, traces } from '../support/connecting.ts';
import { never, testClient } from '../support/migrator.ts';
import { changesOf, keyed, pick, rowOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf, workContext } from '../support/work.ts';

let source: Source;
let operations: Operations;

beforeAll(async () => {
  source = await startSource();
  const settings = { home: makeTemp('restores'), runtime: 'local' as const, kubernetes: {}, environment: process.env };
  operations = createDirectOperations(settings);
});
afterAll(async () => {
  await operations.close();
  await source.stop();
});

const own = async (): Promise<string[]> =>
  (await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).map((row) => String(Object.values(row)[0]));
const titleOf = async (id: number): Promise<unknown> => (await rowOf(source, 'wp_posts', `ID = ${id}`))['post_title'];
const request = () => ({ to: source.url, username: source.adminUser, insecureTls: false });
const words = () => ({ password: () => Promise.resolve(source.adminPassword) });

/** A restore that was applied with a key from a real log-in, of titles of posts; the plugin has left the site since. */
async function applied(titles: readonly [number, string][]): Promise<string> {
  const id = newRestoreId(randomBytes);
  const { access, key, state } = await connectToWrite(asAdmin(source), { restore: id, include: [] }, connectDeps());
  expect(state).toBe('new');
  const client = writeClient(access, key);
  const updates = await Promise.all(
    titles.map(async ([post, title], item) => ({
      item,
      key: { ID: String(post) },
      before: pick(await rowOf(source, 'wp_posts', `ID = ${post}`), 'post_title'),
      after: { post_title: title },
    })),
  );
  const items = titles.map(([post]) => ({ id: `post:${post}`, title: `Post ${post}` }));
  await stageChanges(client, changesOf([keyed('wp_posts', 'ID', { updates })], items), { signal: never });
  await applyStaged(client, never);
  await client.leave(never);
  await testClient(access).disconnect(never);
  return id;
}

describe('a restore that was applied', () => {
  it('is kept when the plugin leaves, and undone from a machine that knows nothing of it', async () => {
    const title = await titleOf(1);
    const id = await applied([[1, 'Ours']]);
    expect(await traces(source)).toEqual([]);
    expect((await own()).length).toBeGreaterThan(3);
    expect(
      (await failureOf(operations.restores.undo(id, undefined, { insecureTls: false }, words(), workContext()))).code,
    ).toBe('RESTORE_GONE');
    const report = await operations.restores.undo(id, undefined, request(), words(), workContext());
    expect(report).toMatchObject({ restore_id: id, url: source.url, status: 'undone', undone: 1, kept: [] });
    expect(await titleOf(1)).toBe(title);
    expect(await own()).toEqual([]);
    expect(await operations.restores.list(workContext())).toMatchObject([
      { restore_id: id, status: 'undone', rows: { wp_posts: 1 } },
    ]);
    expect((await failureOf(operations.restores.undo(id, undefined, request(), words(), workContext()))).code).toBe(
      'RESTORE_GONE',
    );
    expect(await own()).toEqual([]);
  });

  it('is undone item by item, names what it keeps, and leaves nothing when what is left is accepted', async () => {
    const id = await applied([
      [1, 'First'],
      [2, 'Second'],
    ]);
    await source.query("UPDATE wp_posts SET post_title = 'Theirs' WHERE ID = 2");
    const kept = await operations.restores.undo(id, ['post:2'], request(), words(), workContext());
    expect(kept).toMatchObject({
      status: 'partly',
      undone: 0,
      kept: [{ item: 'post:2', title: 'Post 2', why: ['changed'] }],
    });
    await operations.restores.undo(id, ['post:1'], request(), words(), workContext());
    expect(await titleOf(2)).toBe('Theirs');
    expect(await titleOf(1)).not.toBe('First');
    expect(await operations.restores.show(id, workContext())).toMatchObject({ status: 'partly', left: 1 });
    expect(await operations.restores.accept(id, request(), words(), workContext())).toMatchObject({
      status: 'accepted',
    });
    expect(await own()).toEqual([]);
  });

  it('is forgotten by the site thirty days later, and by the plugin’s leaving when it wrote nothing', async () => {
    const id = await applied([[1, 'Old']]);
    await source.query('UPDATE wp_wpclone_restores SET changed = changed - 31 * 86400');
    const fresh = newRestoreId(randomBytes);
    const { access, key } = await connectToWrite(asAdmin(source), { restore: fresh, include: [] }, connectDeps());
    expect(await source.query('SELECT id FROM wp_wpclone_restores')).toEqual([{ id: fresh }]);
    expect((await failureOf(operations.restores.undo(id, undefined, request(), words(), workContext()))).code).toBe(
      'RESTORE_UNDER_WAY',
    );
    await writeClient(access, key).status(false, never);
    // In the second in which it was last changed: a change of nothing is one that was made, too.
    await source.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php';
      while ( fmod( microtime( true ), 1 ) > 0.3 ) { usleep( 10000 ); }
      $GLOBALS['wpdb']->query( 'UPDATE wp_wpclone_restores SET changed = ' . time() );
      deactivate_plugins( 'wpclone-migrator/wpclone-migrator.php' );`);
    expect(await own()).toEqual([]);
  });
});
