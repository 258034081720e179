import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cells, KeyedChanges, RestoreChanges } from '../../src/restore/changes.ts';
import { acceptApplied, applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { changesOf, keyed, pick, postMeta, restoreKey, rowOf, rowsOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
});
afterAll(() => source.stop());

const bytes = (text: string): string => Buffer.from(text).toString('latin1');
const items = [
  { id: 'post:1', title: 'Post "One"' },
  { id: 'post:2', title: 'Page "Two"' },
];

/** Another title for some posts, each an item of its own. */
async function retitled(...titles: readonly [number, string][]): Promise<KeyedChanges> {
  const updates = await Promise.all(
    titles.map(async ([id, title], item) => ({
      item,
      key: { ID: String(id) },
      before: pick(await rowOf(source, 'wp_posts', `ID = ${id}`), 'post_title'),
      after: { post_title: bytes(title) },
    })),
  );
  return keyed('wp_posts', 'ID', { updates });
}

async function staged(changes: RestoreChanges): Promise<WriteClient> {
  const client = writeClient(access, await restoreKey(source));
  await stageChanges(client, changes, { signal: never }).catch(async (error: unknown) => {
    await client.finish(never);
    throw error;
  });
  return client;
}

const titleOf = async (id: number): Promise<unknown> => (await rowOf(source, 'wp_posts', `ID = ${id}`))['post_title'];
const metaOf = async (name: string): Promise<unknown[]> =>
  (await rowsOf(source, 'wp_postmeta', `WHERE meta_key = '${name}' ORDER BY meta_id`)).map((row) => row['meta_value']);

/** Digests of all tables and their rows, without what comes and goes by itself. */
async function everything(): Promise<Record<string, string>> {
  const tables = (await source.query('SHOW TABLES')).map((row) => String(Object.values(row)[0]));
  const kept =
    "WHERE option_name NOT LIKE '%transient%' AND option_name NOT LIKE 'wpclone%' AND option_name NOT IN ('cron', 'rewrite_rules')";
  const digests = tables.map(async (table) => {
    const rows = await rowsOf(source, table, `${table === 'wp_options' ? kept : ''} ORDER BY 1, 2`);
    return [table, createHash('sha256').update(JSON.stringify(rows)).digest('hex')];
  });
  return Object.fromEntries(await Promise.all(digests)) as Record<string, string>;
}

describe('rows of a restore', () => {
  it('are written in one go and undone, and nothing is left behind', async () => {
    const before = await everything();
    const client = await staged(
      changesOf([
        await retitled([1, 'Neuer Titel ü 🎉']),
        postMeta([{ item: 0, owner: '1', name: 'colour', before: [], after: ['red', 'blue', bytes('grün\0\n\\')] }]),
      ]),
    );
    const receipt = await applyStaged(client, never);
    console.log(`two tables, four rows: held for ${receipt.applied?.heldMilliseconds} ms`);
    expect(receipt).toMatchObject({ state: 'applied', applied: { rows: { wp_posts: 1, wp_postmeta: 3 } } });
    expect(await titleOf(1)).toBe(bytes('Neuer Titel ü 🎉'));
    expect(await metaOf('colour')).toEqual(['red', 'blue', bytes('grün\0\n\\')]);
    expect(await undoApplied(client, undefined, never)).toMatchObject({ state: 'undone', kept: [] });
    expect(await everything()).toEqual(before);
  });

  it('accepted leave nothing but themselves', async () => {
    const client = await staged(changesOf([await retitled([1, 'Accepted'])]));
    const tables = await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'");
    expect(tables.length).toBeGreaterThan(2);
    await applyStaged(client, never);
    await acceptApplied(client, never);
    expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
    expect(await titleOf(1)).toBe('Accepted');
    expect((await failureOf(client.status(false, never))).code).toBe('SIGNATURE_REFUSED');
  });

  it('come in every kind of table: new, changed and deleted rows, meta data, relations, rows without a key, MyISAM', async () => {
    await source.query('CREATE TABLE wp_log (line VARCHAR(50), at TIMESTAMP NULL) ENGINE=InnoDB');
    await source.query(
      "INSERT INTO wp_log VALUES ('a', '2020-02-02 02:02:02'), ('a', '2020-02-02 02:02:02'), ('b', NULL)",
    );
    await source.query(
      'CREATE TABLE wp_old (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20), n FLOAT, flags BIT(10)) ENGINE=MyISAM',
    );
    await source.query("INSERT INTO wp_old VALUES (1, 'one', 0.1, b'1000000001'), (2, 'two', 1e10, b'11')");
    const before = await everything();
    const post = await rowOf(source, 'wp_posts', 'ID = 1');
    const [gone] = await rowsOf(source, 'wp_comments', 'ORDER BY comment_ID LIMIT 1');
    const lines = await rowsOf(source, 'wp_log', "WHERE line = 'a'");
    const client = await staged(
      changesOf([
        keyed('wp_posts', 'ID', {
          inserts: [{ item: 0, row: { ...post, ID: '90001', post_name: 'made-in-a-clone', comment_count: '7' } }],
          expects: [{ item: 0, key: { ID: '1' }, cells: { post_status: post['post_status'] ?? null } }],
        }),
        keyed('wp_comments', 'comment_ID', { deletes: [{ item: 0, row: gone ?? {} }] }),
        postMeta([{ item: 0, owner: '90001', name: 'of_it', before: [], after: ['x'] }]),
        {
          kind: 'relations',
          table: 'wp_term_relationships',
          key: ['object_id', 'term_taxonomy_id'],
          updates: [],
          add: [{ item: 0, row: { object_id: '90001', term_taxonomy_id: '1', term_order: '0' } }],
          remove: [
            { item: 0, row: { object_id: '1', term_taxonomy_id: '1', term_order: '0' } },
            { item: 0, row: { object_id: '1', term_taxonomy_id: '777', term_order: '0' } },
          ],
        },
        {
          kind: 'counted',
          table: 'wp_log',
          rows: [
            { item: 0, row: lines[0] ?? {}, before: 2, after: 1 },
            { item: 0, row: { line: 'new', at: null }, before: 0, after: 3 },
          ],
        },
        keyed('wp_old', 'id', {
          updates: [
            {
              item: 0,
              key: { id: '1' },
              before: { word: 'one', n: '0.10000000149011612', flags: '\x02\x01' },
              after: { word: 'eins', n: '0.5', flags: '\x00\x07' },
            },
          ],
          inserts: [{ item: 0, row: { word: 'three', n: null, flags: '\x00\x00' } }],
        }),
      ]),
    );
    expect(await applyStaged(client, never)).toMatchObject({ state: 'applied' });
    expect(await source.query('SELECT line, COUNT(*) AS n FROM wp_log GROUP BY line')).toEqual([
      { line: 'a', n: 1 },
      { line: 'b', n: 1 },
      { line: 'new', n: 3 },
    ]);
    expect(await source.query('SELECT id, word, n, flags + 0 AS flags FROM wp_old ORDER BY id')).toEqual([
      { id: 1, word: 'eins', n: 0.5, flags: 7 },
      { id: 2, word: 'two', n: 10000000000, flags: 3 },
      { id: 3, word: 'three', n: null, flags: 0 },
    ]);
    expect(
      await source.query(
        'SELECT object_id FROM wp_term_relationships WHERE term_taxonomy_id = 1 AND object_id IN (1, 90001)',
      ),
    ).toEqual([{ object_id: 90001 }]);
    expect(await undoApplied(client, undefined, never)).toMatchObject({ state: 'undone', kept: [] });
    expect(await everything()).toEqual(before);
  });

  it('are not written at all when one of them changed since the plan, before or after they were staged', async () => {
    const changes = changesOf([await retitled([1, 'A'], [2, 'B'])], items);
    await source.query("UPDATE wp_posts SET post_title = 'Edited meanwhile' WHERE ID = 2");
    const early = await failureOf(staged(changes));
    expect(early).toMatchObject({
      code: 'DRIFT',
      exitCode: 5,
      message: expect.stringContaining('Page "Two"') as string,
    });
    const client = await staged(changesOf([await retitled([1, 'A'], [2, 'B'])], items));
    await source.query("UPDATE wp_posts SET post_title = 'edited meanwhile' WHERE ID = 2");
    const title = await titleOf(1);
    expect((await failureOf(client.apply(never))).code).toBe('DRIFT');
    expect([await titleOf(1), await titleOf(2)]).toEqual([title, 'edited meanwhile']);
    expect(await client.status(false, never)).toMatchObject({ state: 'sealed' });
    await client.finish(never);
  });

  it('are not written when something that they refer to went since, though nobody touched them', async () => {
    const post = await rowOf(source, 'wp_posts', 'ID = 1');
    await source.query("INSERT INTO wp_terms (term_id, name, slug) VALUES (4711, 'Goes', 'goes')");
    const relied = keyed('wp_terms', 'term_id', { expects: [{ item: 0, key: { term_id: '4711' }, cells: {} }] });
    const page = keyed('wp_posts', 'ID', {
      inserts: [{ item: 0, row: { ...post, ID: '90055', post_name: 'needs-a-term' } }],
    });
    const client = await staged(changesOf([relied, page]));
    await source.query('DELETE FROM wp_terms WHERE term_id = 4711');
    expect((await failureOf(client.apply(never))).code).toBe('DRIFT');
    expect(await source.query('SELECT ID FROM wp_posts WHERE ID = 90055')).toEqual([]);
    await client.finish(never);
  });

  it('of meta data drift when a second value of the name came meanwhile', async () => {
    const client = await staged(
      changesOf([postMeta([{ item: 0, owner: '1', name: 'single', before: [], after: ['ours'] }])]),
    );
    await source.query("INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (1, 'single', 'theirs')");
    expect((await failureOf(client.apply(never))).code).toBe('DRIFT');
    expect(await metaOf('single')).toEqual(['theirs']);
    await client.finish(never);
  });

  it('are written once, however often they are asked for, and the receipt stays the first one', async () => {
    const client = await staged(
      changesOf([postMeta([{ item: 0, owner: '1', name: 'once', before: [], after: ['x'] }])]),
    );
    // Nobody hears the first answer: the site writes all the same.
    await client.apply(AbortSignal.timeout(3)).catch(() => undefined);
    const first = await client.apply(never);
    expect(await client.apply(never)).toEqual(first);
    expect(await metaOf('once')).toEqual(['x']);
    await undoApplied(client, undefined, never);
  });

  it('undone keep what came later: orders, edits, comments under a new page', async () => {
    const post = await rowOf(source, 'wp_posts', 'ID = 1');
    const page = { id: 'post:90002', title: 'Page "New"' };
    const client = await staged(
      changesOf(
        [
          {
            ...(await retitled([1, 'Ours one'], [2, 'Ours two'])),
            inserts: [{ item: 2, row: { ...post, ID: '90002', post_name: 'commented' } }],
          },
          postMeta([{ item: 1, owner: '2', name: 'mood', before: [], after: ['good'] }]),
        ],
        [...items, page],
      ),
    );
    await applyStaged(client, never);
    await source.query("UPDATE wp_posts SET post_title = 'Theirs' WHERE ID = 2");
    await source.query(
      "INSERT INTO wp_posts (ID, post_type, post_status, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered) VALUES (95000, 'shop_order', 'wc-processing', '', 'Order', '', '', '', '')",
    );
    await source.query(
      "INSERT INTO wp_comments (comment_post_ID, comment_author, comment_content) VALUES (90002, 'Ann', 'nice')",
    );
    const undone = await undoApplied(client, undefined, never);
    expect(undone.state).toBe('partly');
    expect(undone.kept.map(({ item, why }) => `${item} ${why}`).toSorted()).toEqual([
      'post:2 changed',
      'post:90002 needed',
    ]);
    expect([await titleOf(1), await titleOf(2), await metaOf('mood')]).toEqual([
      post['post_title'],
      'Theirs',
      ['good'],
    ]);
    expect(await titleOf(95000)).toBe('Order');
    await source.query('DELETE FROM wp_comments WHERE comment_post_ID = 90002');
    expect(await undoApplied(client, ['post:90002'], never)).toMatchObject({ state: 'partly', kept: [] });
    expect((await client.status(true, never)).items).toEqual([
      { item: 'post:1', title: 'Post "One"', undone: true },
      { item: 'post:2', title: 'Page "Two"', undone: false },
      { item: 'post:90002', title: 'Page "New"', undone: true },
    ]);
    await acceptApplied(client, never);
  });

  it('of posts take what Elementor had rendered of these along, of no others, and so does undoing', async () => {
    const kept = ['_elementor_css', '_elementor_element_cache', '_elementor_page_assets'];
    const render = `INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ${kept.flatMap((key) => [1, 2].map((id) => `(${id}, '${key}', ${id})`)).join()}`;
    await source.query(render);
    const changes = changesOf([await retitled([1, 'Rendered anew'])]);
    const client = await staged({ ...changes, recounts: { ...changes.recounts, rendered: [1] } });
    await applyStaged(client, never);
    for (const key of kept) expect(await metaOf(key)).toEqual(['2']);
    await source.query(render);
    await undoApplied(client, undefined, never);
    for (const key of kept) expect(await metaOf(key)).toEqual(['2', '2']);
  });

  it('are refused that do not fit, before anything live is touched', async () => {
    await source.query(
      'CREATE TABLE wp_narrow (id INT PRIMARY KEY, word VARCHAR(3) CHARACTER SET utf8 NOT NULL, kind ENUM("a","b")) ENGINE=InnoDB',
    );
    const before = await everything();
    const rows: Cells[] = [
      { id: '1', word: 'long' },
      { id: '1', word: bytes('🎉') },
      { id: '1', word: null },
      { id: '1', word: 'x', kind: 'c' },
      { id: '99999999999', word: 'x' },
    ];
    const client = writeClient(access, await restoreKey(source));
    for (const row of rows) {
      const changes = changesOf([keyed('wp_narrow', 'id', { inserts: [{ item: 0, row }] })]);
      const failure = await failureOf(stageChanges(client, changes, { signal: never }));
      expect(failure).toMatchObject({ code: 'DOES_NOT_FIT', exitCode: 5 });
    }
    await client.finish(never);
    expect(await everything()).toEqual(before);
  });
});
