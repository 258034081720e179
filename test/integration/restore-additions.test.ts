import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { NewColumn, TableAddition } from '../../src/restore/changes.ts';
import { stagedRows } from '../../src/restore/write/staged.ts';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { changesWith, column, extend, make } from '../support/additions.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { cutOff } from '../support/restore-cuts.ts';
import { fileChange, put } from '../support/restore-files.ts';
import { changesOf, definitionsOf, keyed, restoreKey, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
  await source.query('CREATE TABLE wp_cut (id INT NOT NULL PRIMARY KEY, a VARCHAR(20) NOT NULL) ENGINE=InnoDB');
  await source.query("INSERT INTO wp_cut VALUES (1, 'a'), (2, 'b')");
}, 180_000);
afterAll(() => source.stop());

const rowsOf = (table: string) => source.query(`SELECT * FROM ${table} ORDER BY 1`);
const own = () => source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'");

/** The table that says which additions were begun. */
const journal = ({ restore }: WriteKey): string => `wp_wpclone_${restore.replace('-', '')}_s`;

/** A key of a restore that has all of this staged. */
async function staged(schema: readonly TableAddition[] = [extend, make]): Promise<WriteKey> {
  const key = await restoreKey(source);
  const client = writeClient(access, key);
  await stageChanges(client, changesWith(schema), { signal: never });
  return key;
}

const cutTables = async (): Promise<string> => {
  const { wp_cut, wp_cut_new } = await definitionsOf(source);
  return JSON.stringify([wp_cut, wp_cut_new, await rowsOf('wp_cut'), wp_cut_new && (await rowsOf('wp_cut_new'))]);
};

it(
  'an apply and an undo that are cut off end as before or done, wherever that was and whatever died',
  { timeout: 600_000 },
  async () => {
    const before = await cutTables();
    const client = (key: WriteKey) => writeClient(access, key);
    const done = await staged();
    await applyStaged(client(done), never);
    const after = await cutTables();
    expect(after).toContain('made');
    expect((await undoApplied(client(done), undefined, never)).state).toBe('undone');
    expect(await cutTables()).toBe(before);
    const stride = Math.max(1, Math.round(29 / Number(process.env['WPCLONE_STRESS'] ?? 1)));
    const ends = new Set<string>();
    for (const operation of ['apply', 'undo'] as const)
      for (let at = 3, wasCut = true; wasCut; at += stride) {
        const cut = at % 2 === 1 ? 'kill' : 'database';
        const key = await staged();
        if (operation === 'undo') await applyStaged(client(key), never);
        wasCut = await cutOff(source, key.restore, operation, at, cut);
        await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'"); // As after a minute.
        const { state: said } = await client(key).status(false, never);
        // What was begun when the receipt was there is gone on with by whoever asks next.
        const state = said === 'undone' ? (await client(key).undo(undefined, never)).state : said;
        const now = await cutTables();
        ends.add(`${operation} ${state} ${now === before ? 'before' : now === after ? 'after' : now}`);
        if (state === 'applied') await undoApplied(client(key), undefined, never);
        else await client(key).finish(never);
        expect([await cutTables(), await own()]).toEqual([before, []]);
      }
    expect([...ends].toSorted()).toEqual(
      ['apply applied after', 'apply sealed before', 'undo applied after', 'undo undone before'].toSorted(),
    );
  },
);

it('the site refuses by itself what is no addition to a table of its plugins, and what it cannot make', async () => {
  const client = writeClient(access, await restoreKey(source));
  const { shape } = stagedRows(changesOf([]));
  const refused = async (addition: TableAddition) => {
    const { schema = [] } = stagedRows({ ...changesOf([]), schema: [addition] }).shape;
    return (await failureOf(client.begin({ ...shape, schema }, never))).code;
  };
  const cases: [string, TableAddition][] = [
    ['SOURCE_FAILED', { ...extend, table: 'wp_posts' }],
    ['SOURCE_FAILED', { ...extend, table: 'mysql.user' }],
    ['SOURCE_FAILED', { ...make, table: 'other_cut' }],
    ['SOURCE_FAILED', { ...make, table: 'wp_wpclone_restores2' }],
    ['PROTECTED', { ...make, table: 'wp_actionscheduler_more' }],
    ['SOURCE_CHANGED', { ...make, table: 'wp_CUT' }],
    ['SOURCE_CHANGED', { ...extend, columns: [column('a')] }],
    ['SOURCE_FAILED', { ...extend, columns: [column('b', { type: 'int(11), DROP COLUMN a' })] }],
    ['SOURCE_FAILED', { ...extend, columns: [column('b', { collation: 'utf8mb4_bin, DROP COLUMN a' })] }],
    ['SOURCE_FAILED', { ...extend, columns: [column('b`, DROP COLUMN a -- ', { counts: true })] }],
    ['SOURCE_FAILED', { ...extend, keys: [{ kind: 'primary', name: '', parts: [{ column: 'a', length: null }] }] }],
    ['SOURCE_FAILED', { ...make, engine: 'FEDERATED' }],
    ['PROTECTED', { ...extend, settings: [{ name: 'db_version', before: '1' }] }],
    ['PROTECTED', { ...extend, settings: [{ name: 'siteurl', before: 'x' }] }],
    ['DOES_NOT_FIT', { ...extend, columns: [column('b', { collation: 'utf8mb4_nobody_ci' })] }],
  ];
  const before = await cutTables();
  for (const [code, addition] of cases) expect([addition, await refused(addition)]).toEqual([addition, code]);
  await client.finish(never);
  expect([await cutTables(), await own()]).toEqual([before, []]);
});

it.each([
  ['shorter', 'a', { type: 'varchar(10)', nullable: true }],
  ['another kind of value', 'a', { type: 'int(11)', nullable: true }],
  ['of a character set that holds less', 'a', { type: 'varchar(40)', nullable: true, collation: 'latin1_swedish_ci' }],
  ['counted', 'id', { type: 'bigint(20)', fallback: 'none', counts: true }],
  ['another definition besides', 'a', { type: 'varchar(40), DROP COLUMN id', nullable: true }],
  ['not there', 'z', { type: 'varchar(40)', nullable: true }],
] as const)('the site makes no column %s', async (_, name, more) => {
  const client = writeClient(access, await restoreKey(source));
  const asked = { ...extend, columns: [], keys: [], wider: [column(name, { fallback: 'none', ...more })] };
  const { shape } = stagedRows({ ...changesOf([]), schema: [asked] });
  const before = await cutTables();
  expect((await failureOf(client.begin(shape, never))).code).toMatch(/^SOURCE_(FAILED|CHANGED)$/);
  await client.finish(never);
  expect([await cutTables(), await own()]).toEqual([before, []]);
});

const asItWas = async () => ({
  definition: (await definitionsOf(source))['wp_kinds'] ?? '',
  rows: await rowsOf('wp_kinds'),
});

it('columns of many kinds get room, and give it back as they were, but where somebody needs it by now', async () => {
  await source.query(`CREATE TABLE wp_kinds (id INT NOT NULL PRIMARY KEY, n INT(11) UNSIGNED NOT NULL DEFAULT 3 COMMENT 'it''s, a number',
    t VARCHAR(20) CHARACTER SET utf8mb3 NOT NULL DEFAULT 'x' COMMENT 'of \\\\ and \n', e ENUM('a','b') NOT NULL, c DECIMAL(6,2) NULL, u TEXT, UNIQUE KEY t (t)) ENGINE=InnoDB`);
  await source.query(
    "INSERT INTO wp_kinds VALUES (1, 4294967295, 'Ä ', 'b', 1.50, 'text'), (2, 0, '', 'a', NULL, NULL)",
  );
  const before = await asItWas();
  const wide = (name: string, type: string, more: Partial<NewColumn> = {}) =>
    column(name, { type, fallback: 'none', ...more });
  const room = [
    wide('n', 'bigint(20)', { fallback: 'value', value: '7' }),
    wide('t', 'varchar(191)', { collation: 'utf8mb4_unicode_ci', fallback: 'null', nullable: true }),
    wide('e', "enum('new','a','b')"),
    wide('c', 'decimal(9,2)', { fallback: 'null', nullable: true }),
    wide('u', 'longtext', { nullable: true }),
  ];
  const addition: TableAddition = { item: 0, table: 'wp_kinds', kind: 'extend', columns: [], keys: [], wider: room };
  const items = [{ id: 'plugin:kinds', title: 'Kinds' }];
  const brought = async (): Promise<WriteKey> => {
    const key = await restoreKey(source);
    const client = writeClient(access, key);
    await stageChanges(client, { ...changesOf([], items), schema: [addition] }, { signal: never });
    await applyStaged(client, never);
    return key;
  };
  const first = await brought();
  expect(await rowsOf('wp_kinds')).toEqual(before.rows);
  expect((await definitionsOf(source))['wp_kinds']).toContain("`e` enum('new','a','b')");
  expect(await undoApplied(writeClient(access, first), undefined, never)).toMatchObject({ state: 'undone', kept: [] });
  expect(await asItWas()).toEqual(before);
  for (const needed of ['n = 4294967296', "t = '😀'", "t = CONCAT(REPEAT('x', 20), ' ')", "t = NULL, e = 'new'"]) {
    const key = await brought();
    await source.query(`UPDATE wp_kinds SET ${needed} WHERE id = 2`);
    const kept = await asItWas();
    const undone = await undoApplied(writeClient(access, key), undefined, never);
    expect([needed, undone.kept]).toEqual([needed, [expect.objectContaining({ table: 'wp_kinds', why: 'holds' })]]);
    expect(await asItWas()).toEqual(kept);
    await source.query('DROP TABLE wp_kinds');
    await source.query(before.definition);
    await source.query(
      "INSERT INTO wp_kinds VALUES (1, 4294967295, 'Ä ', 'b', 1.50, 'text'), (2, 0, '', 'a', NULL, NULL)",
    );
  }
});

it('takes all of it back where rows are alike in a new key', async () => {
  const before = await cutTables();
  const alike = { ...extend, keys: [{ ...extend.keys[0]!, kind: 'unique' as const }] };
  const client = writeClient(access, await staged([alike, make]));
  const error = await failureOf(client.apply(never));
  expect([error.code, error.message]).toEqual(['DOES_NOT_FIT', expect.stringContaining('alike')]);
  expect(await cutTables()).toBe(before);
  await client.finish(never);
  expect(await own()).toEqual([]);
});

it('waits for a table that somebody reads, and nobody waits behind it', async () => {
  const key = await staged();
  const client = writeClient(access, key);
  const { host, port, user, password, name } = source.database;
  const reader = await createConnection({ host, port, user, password, database: name });
  await reader.query('START TRANSACTION');
  await reader.query('SELECT * FROM wp_cut');
  const applied = client.apply(never);
  await vi.waitFor(async () => expect(await source.query(`SELECT n FROM ${journal(key)}`)).not.toEqual([]), 60_000);
  // Behind one who waits for the table it would wait as long as that one does.
  await source.query('SET STATEMENT lock_wait_timeout = 2 FOR SELECT * FROM wp_cut');
  await reader.query('COMMIT');
  await reader.end();
  expect((await applied).state).toBe('applied');
  expect((await undoApplied(client, undefined, never)).state).toBe('undone');
});

const { value: _none, ...moment } = column('at', { type: 'datetime', fallback: 'now' });

it('what the live site has put into a new table outlives an undo that is cut off with the table in its hands', async () => {
  const key = await staged();
  const client = writeClient(access, key);
  await applyStaged(client, never);
  await source.query("INSERT INTO wp_cut_new (id, c) VALUES (9, 'order')");
  const model = `wp_wpclone_${key.restore.replace('-', '')}_m1`;
  expect(await cutOff(source, key.restore, 'undo', `found FROM \`${model}\``)).toBe(true);
  expect(await source.query(`SELECT c FROM ${model}`)).toEqual([{ c: 'order' }]);
  await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");
  await client.finish(never);
  expect([await rowsOf('wp_cut_new'), await own()]).toEqual([[{ id: 9, c: 'order' }], []]);
  await source.query('DROP TABLE wp_cut_new');
});

it('a column stays into which somebody has written, however little that differs from what it had', async () => {
  const written: [NewColumn, string][] = [
    [column('b'), "UPDATE wp_cut SET b = 'None' WHERE id = 1"],
    [column('b'), "UPDATE wp_cut SET b = 'none ' WHERE id = 1"],
    [moment, "UPDATE wp_cut SET at = '2031-01-01' WHERE id = 1"],
  ];
  for (const [more, sql] of written) {
    const key = await restoreKey(source);
    const client = writeClient(access, key);
    const insert = keyed('wp_cut', 'id', { inserts: [{ item: 0, row: { id: '3', a: 'c' } }] });
    const schema = [{ ...extend, columns: [more], keys: [] }];
    await stageChanges(
      client,
      { ...changesOf([insert], [{ id: 'plugin:cut', title: 'Cut' }]), schema },
      { signal: never },
    );
    await applyStaged(client, never);
    await source.query(sql);
    const undone = await undoApplied(client, undefined, never);
    expect([more.name, undone.state, undone.kept.length]).toEqual([more.name, 'undone', 1]);
    expect((await definitionsOf(source))['wp_cut']).toContain(`\`${more.name}\``);
    await source.query(`ALTER TABLE wp_cut DROP COLUMN ${more.name}`);
  }
});

it.each(['apply', 'undo'] as const)(
  'what a plugin uses that somebody updates by hand after an %s was cut off stays',
  async (operation) => {
    const plugins = join(source.content, 'plugins');
    const www = makeTemp('restore-additions');
    put(plugins, 'cut/cut.php', '<?php // 1');
    const key = await restoreKey(source);
    const client = writeClient(access, key);
    const files = [fileChange(0, 'plugins:cut/cut.php', '<?php // 1', '<?php // 2', www)];
    await stageChanges(client, { ...changesWith([extend, make]), files }, { www, signal: never });
    if (operation === 'undo') await applyStaged(client, never);
    // Once the additions are made; once the rest is undone.
    const at = operation === 'apply' ? 'SET chosen = 1' : `${journal(key)}\` ORDER`;
    expect(await cutOff(source, key.restore, operation, at)).toBe(true);
    await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'"); // As after a minute.
    put(plugins, 'cut/cut.php', '<?php // 3');
    await client.status(false, never);
    await client.finish(never);
    const { wp_cut, wp_cut_new } = await definitionsOf(source);
    expect([wp_cut?.includes('`b`'), wp_cut_new === undefined, await own()]).toEqual([true, false, []]);
    await source.query('ALTER TABLE wp_cut DROP KEY b, DROP COLUMN b, MODIFY a VARCHAR(20) NOT NULL');
    await source.query('DROP TABLE wp_cut_new');
  },
);

it('a column of a table that has become too large to be written anew while others wait stays, and all else is undone', async () => {
  await source.query('CREATE TABLE wp_large (id INT NOT NULL PRIMARY KEY, a LONGTEXT NOT NULL) ENGINE=MyISAM');
  const key = await restoreKey(source);
  const client = writeClient(access, key);
  const insert = keyed('wp_cut', 'id', { inserts: [{ item: 0, row: { id: '3', a: 'c' } }] });
  const schema = [{ ...extend, table: 'wp_large', keys: [], wider: [] }];
  const changes = { ...changesOf([insert], [{ id: 'plugin:cut', title: 'Cut' }]), schema };
  await stageChanges(client, changes, { signal: never });
  await applyStaged(client, never);
  await source.query("INSERT INTO wp_large (id, a) SELECT seq, REPEAT('x', 1000000) FROM seq_1_to_36");
  const undone = await undoApplied(client, undefined, never);
  expect([undone.state, undone.kept]).toEqual([
    'undone',
    [{ item: 'plugin:cut', title: 'Cut', table: 'wp_large', why: 'holds' }],
  ]);
  expect((await rowsOf('wp_cut')).length).toBe(2);
  expect(await own()).toEqual([]);
  await source.query('DROP TABLE wp_large');
});
