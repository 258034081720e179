import { afterAll, beforeAll, expect, test } from 'vitest';
import { alteredTables } from '../../src/restore/schema/read.ts';
import { readSchema } from '../../src/transfer/baseline/database.ts';
import { connectTarget, describeTarget } from '../../src/transfer/database/connection.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import { never } from '../support/migrator.ts';
import { describeSchema, siteInfo } from '../support/site-info.ts';
import { CLONE_URL, startPlayground, type Playground } from '../support/transfer.ts';

/** Addresses of the site where its definitions hold them, or where a key lets each be there once. */
let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.stop());

test('addresses in definitions become the clone’s, and rows that are held to them come along', async () => {
  const url = 'https://old.example';
  const pair = await playground.pair(`
    CREATE TABLE wp_held (id int PRIMARY KEY AUTO_INCREMENT, url varchar(60) NOT NULL DEFAULT '${url}/new', kind enum('${url}/a','it''s \\\\ b') NOT NULL,
      shown varchar(99) GENERATED ALWAYS AS (concat('${url}/go?to=', kind)) VIRTUAL, CONSTRAINT ours CHECK (url LIKE '${url}/%'));
    INSERT INTO wp_held (url, kind) VALUES ('${url}/one', '${url}/a'), ('${url}/two', 'it''s \\\\ b');
    CREATE VIEW wp_v AS SELECT concat('${url}/?p=', id) AS link, '{"a":"https:\\\\/\\\\/old.example\\\\/"}' AS json, 'it''s' AS same FROM wp_held;
    DELIMITER ;;
    CREATE TRIGGER wp_t BEFORE INSERT ON wp_held FOR EACH ROW SET NEW.url = if(NEW.url LIKE "${url}/%", NEW.url, concat('${url}/', NEW.url));;
    DELIMITER ;`);
  const { warnings } = await pair.copy();
  const clone = CLONE_URL;
  const expected = async (): Promise<void> => {
    expect(await pair.inTarget('SELECT url, kind, shown FROM wp_held ORDER BY id')).toEqual([
      { url: `${clone}/one`, kind: `${clone}/a`, shown: `${clone}/go?to=${clone}/a` },
      { url: `${clone}/two`, kind: "it's \\ b", shown: `${clone}/go?to=it's \\ b` },
    ]);
    const view = { link: `${clone}/?p=1`, json: `{"a":"${clone.replaceAll('/', '\\/')}\\/"}`, same: "it's" };
    expect(await pair.inTarget('SELECT * FROM wp_v LIMIT 1')).toEqual([view]);
    await pair.inTarget("INSERT INTO wp_held (id, url, kind) VALUES (70, 'three', 2)");
    expect(await pair.inTarget('SELECT url FROM wp_held WHERE id = 70')).toEqual([{ url: `${clone}/three` }]);
  };
  expect(warnings).toEqual([]);
  await expected();
  await pair.reset();
  await expected();
});

test('rows that only the form of the address tells apart stay two, and the later one keeps its own', async () => {
  const [http, https] = ['http://old.example', 'https://old.example'];
  const pair = await playground.pair(`
    CREATE TABLE wp_links (id int PRIMARY KEY AUTO_INCREMENT, url varchar(200) NOT NULL, lang char(2), note text, UNIQUE KEY url (url(30), lang));
    INSERT INTO wp_links (url, lang, note) VALUES ('${https}/a', 'en', 'x'), ('${http}/a', 'en', '${http}/note'), ('${http}/a', 'de', 'x'), ('${https}/A', 'de', 'x'),
      ('${https}/n', NULL, 'x'), ('${http}/n', NULL, 'x'), ('${http}/${'l'.repeat(40)}', 'en', 'x');
    CREATE TABLE wp_by_url (url varchar(100) PRIMARY KEY, n int); INSERT INTO wp_by_url VALUES ('${https}/', 1), ('${http}/', 2), ('${http}/x', 3);`);
  const { warnings } = await pair.copy();
  expect(warnings.map(({ code, message }) => `${code} ${message.replace(/:.*/, '')}`).toSorted()).toEqual([
    'ADDRESS_KEPT wp_by_url',
    'ADDRESS_KEPT wp_links',
  ]);
  const expected = async (): Promise<void> => {
    expect((await pair.inTarget('SELECT url, lang, note FROM wp_links ORDER BY id')).slice(0, 6)).toEqual([
      { url: `${CLONE_URL}/a`, lang: 'en', note: 'x' },
      { url: `${http}/a`, lang: 'en', note: `${CLONE_URL}/note` },
      { url: `${CLONE_URL}/a`, lang: 'de', note: 'x' },
      { url: `${https}/A`, lang: 'de', note: 'x' },
      { url: `${CLONE_URL}/n`, lang: null, note: 'x' },
      { url: `${CLONE_URL}/n`, lang: null, note: 'x' },
    ]);
    expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_links')).toEqual([{ n: 7 }]);
    expect((await pair.inTarget('SELECT url FROM wp_by_url ORDER BY n')).map(({ url }) => url)).toEqual(
      // In the order of the key the plain one comes first.
      [`${https}/`, `${CLONE_URL}/`, `${CLONE_URL}/x`],
    );
  };
  await expected();
  await pair.reset();
  await expected();
});

test('a definition that this server does not take with the clone’s address keeps the site’s, and no row is lost', async () => {
  const url = 'https://a.de';
  const pair = await playground.pair(`
    CREATE TABLE wp_tight (id int PRIMARY KEY, url varchar(15) DEFAULT '${url}' COMMENT '${url}', here enum('${url}','http://a.de','other'),
      both_ set('http://a.de','${url}'), CHECK (url LIKE '${url}%' OR url LIKE 'http%')) COMMENT '${url}';
    INSERT INTO wp_tight VALUES (1, '${url}', '${url}', 'http://a.de,${url}'), (2, 'http://b', 'other', ''), (3, '${url}', 'http://a.de', '${url}');`);
  const { warnings } = await pair.copy({ info: () => ({ home: url, siteurl: url }) });
  const said = warnings.map(({ code, message }) => `${code} ${message}`).join('\n');
  expect(said).toMatch(/ADDRESS_KEPT wp_tight\.here .*\n.*ADDRESS_KEPT wp_tight\.both_ /);
  expect(said).toMatch(/DROPPED wp_tight: DEFAULT '[^']+' became DEFAULT 'https:\/\/a\.de': /);
  expect(await pair.inTarget('SELECT id, here, both_ FROM wp_tight ORDER BY id')).toEqual([
    { id: 1, here: url, both_: `http://a.de,${url}` },
    { id: 2, here: 'other', both_: '' },
    { id: 3, here: 'http://a.de', both_: url },
  ]);
});

test('a comment that would be too long with the clone’s address keeps the site’s, and that is told', async () => {
  const url = 'https://a.de';
  const long = (most: number): string => `${url} ${'ö'.repeat(most - url.length - 1)}`;
  const pair = await playground.pair(`
    CREATE TABLE wp_said (id int PRIMARY KEY, v int COMMENT '${long(1024)}', w int COMMENT '${url}', KEY v (v) COMMENT '${long(1024)}') COMMENT '${long(2048)}';`);
  const { warnings } = await pair.copy({ info: () => ({ home: url, siteurl: url }) });
  expect(warnings).toEqual([
    { code: 'ADDRESS_KEPT', message: expect.stringMatching(/^wp_said keeps .* in a comment of it, a column or a key/) },
  ]);
  const [made] = await pair.inTarget('SHOW CREATE TABLE wp_said');
  const said = String(made?.['Create Table']);
  expect(said.split(long(1024)).length - 1).toBe(2 + 1);
  expect(said).toContain(`COMMENT='${long(2048)}'`);
  expect(said).toContain(`COMMENT '${CLONE_URL}'`);
});

test('what a restore finds of definitions: the site’s own address is no change, and the clone’s does not go there', async () => {
  const url = 'https://old.example';
  const pair = await playground.pair(
    `CREATE TABLE wp_posts (id int PRIMARY KEY); CREATE TABLE wp_held (id int PRIMARY KEY, url varchar(60) NOT NULL DEFAULT '${url}/new', kind enum('${url}/a','b') NOT NULL, way enum('${url}','http://old.example'));`,
  );
  await pair.copy();
  const connection = await connectTarget(pair.site.database, never);
  const found = async () => {
    const info = siteInfo(await describeSchema(playground.server, pair.source));
    return alteredTables({
      connection,
      server: await describeTarget(connection),
      schema: await readSchema(pair.site.paths.baseline),
      origin: new Map(),
      info,
      rewriter: createRewriter(planMapping(info, CLONE_URL, pair.site.paths.www)),
    });
  };
  try {
    expect(await found()).toEqual([]);
    await connection.execute('ALTER TABLE wp_held ADD n int NOT NULL DEFAULT 5');
    expect(await found()).toMatchObject([{ name: 'wp_held', redefined: true, trouble: undefined, drops: false }]);
    await connection.execute(`ALTER TABLE wp_held MODIFY kind enum('${CLONE_URL}/a','b','c') NOT NULL`);
    expect(await found()).toMatchObject([{ trouble: expect.stringContaining('column kind') as unknown }]);
    await connection.execute(
      `ALTER TABLE wp_held MODIFY kind enum('${CLONE_URL}/a','b') NOT NULL, ADD more varchar(99) DEFAULT '${CLONE_URL}/x'`,
    );
    expect(await found()).toMatchObject([{ trouble: expect.stringContaining('column more') as unknown }]);
  } finally {
    connection.destroy();
  }
});
