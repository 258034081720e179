import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listMail } from '../../src/instance/mail.ts';
import { linksToSource } from '../../src/instance/verify/page-links.ts';
import { hashPassword } from '../../src/instance/password-hash.ts';
import { phpDefine, phpLiteral } from '../../src/instance/php-literal.ts';
import { inWww } from '../../src/instance/places.ts';
import { prepareInstance } from '../../src/instance/settings.ts';
import { renewDatabasePassword } from '../../src/instance/wp-config.ts';
import { writeWhole } from '../../src/shared/whole-file.ts';
import { instancePaths, localLayout, storePath } from '../../src/runtime/local/layout.ts';
import { packagePath } from '../../src/shared/package-root.ts';
import { siteInfo } from '../support/site-info.ts';
import { makeTemp } from '../support/temp.ts';

describe('PHP literals', () => {
  test('a text can never end its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const literal = phpLiteral(text);
        // What PHP reads: between the quotes, a backslash takes a quote or a backslash with it.
        expect(literal.slice(1, -1).replaceAll(/\\\\|\\'/g, '')).not.toMatch(/['\\]/);
        expect(literal.slice(1, -1).replaceAll(/\\([\\'])/g, '$1')).toBe(text);
      }),
    );
  });

  test('numbers and truth values', () => {
    expect(phpDefine('A', 5)).toBe("define( 'A', 5 );");
    expect(phpDefine('A', false)).toBe("define( 'A', false );");
    expect(phpDefine("A'", 'x')).toBe("define( 'A\\'', 'x' );");
    expect(phpLiteral(Number.NaN)).toBe('0');
  });
});

describe('password hashes', () => {
  test('have the form of phpass and depend on the password (WordPress itself checks one when a clone is verified)', () => {
    expect(hashPassword('test12345', () => Buffer.alloc(6))).toMatch(/^\$P\$6\.{8}[./0-9A-Za-z]{22}$/);
    expect(hashPassword('test12345', () => Buffer.alloc(6))).not.toBe(hashPassword('test12346', () => Buffer.alloc(6)));
  });
});

describe('links to the source', () => {
  const of = (html: string, sources = ['https://www.a.example/blog']) =>
    linksToSource(html, sources, 'http://localhost:8101/blog/');

  test.each([
    '<a href="https://a.example/blog/x">',
    '<a href="http://www.A.example/blog">',
    '<img src="//a.example/blog/x.png">',
    '<img srcset="/x.png 1x, https://a.example/blog/y.png 2x">',
    '<form action="https://www.a.example/blog/wp-login.php">',
    '<video poster=https://a.example/blog/p.jpg>',
  ])('%s is one', (html) => {
    expect(of(html)).toHaveLength(1);
  });

  test.each([
    '<a href="/blog/x">',
    '<a href="https://a.example/shop">',
    '<a href="https://a.example/blogs">',
    '<a href="https://a.example.evil/blog/">',
    '<a href="https://shop.a.example/blog/">',
    '<a href="mailto:me@a.example">',
    '<p>https://a.example/blog/x</p>',
    '<a href="http://[broken">',
  ])('%s is none', (html) => {
    expect(of(html)).toEqual([]);
  });

  test('are not looked for in a page that is nested without end, which would take minutes', () => {
    expect(of('<a href="https://a.example/blog/x">'.repeat(1_000_000))).toEqual([]);
  });
});

describe('places', () => {
  test('never lead out of the document root', () => {
    for (const place of ['../x', 'a/../../b', '/abs', 'a//b', 'a\\..\\b', 'a\0b', '.']) {
      expect(() => inWww('/clone/www', place)).toThrow(/leads out/);
    }
    expect(inWww('/clone/www', 'wp-content', 'x.php')).toBe('/clone/www/wp-content/x.php');
    expect(inWww('/clone/www', '')).toBe('/clone/www');
  });
});

describe('the store of a source', () => {
  test('is the same for all ways to write its address, and another for another site', () => {
    const layout = localLayout('/home/me/wpclone');
    const stores = ['https://www.A.example/', 'http://a.example', 'a.example'].map((url) => storePath(layout, url));
    expect(new Set(stores).size).toBe(1);
    expect(storePath(layout, 'https://a.example/blog')).not.toBe(stores[0]);
    expect(storePath(layout, 'https://a.example:8443')).not.toBe(stores[0]);
  });
});

test('the parts of a clone are whole at every moment while they are written again under it', async () => {
  const paths = instancePaths(localLayout(makeTemp('parts')), 'x');
  const [from, to] = [packagePath('templates/instance/web'), join(paths.run, 'web')];
  const names = ['router.php', 'mail-store.php', 'wordpress/parts.php', 'wordpress/network.php'];
  const present = (folder: string) =>
    names.map((name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : 'missing'));
  await prepareInstance(paths);
  for (let round = 0; round < 20; round += 1) {
    const again = prepareInstance(paths).then(() => 'done');
    do expect(present(to)).toEqual(present(from));
    while ((await Promise.race([again, nextTurn('busy')])) !== 'done');
  }
});

describe('wp-config.php', () => {
  test('gets the database’s new password, and what people changed in it stays', async () => {
    const paths = instancePaths(localLayout(makeTemp('config')), 'x');
    const database = { user: 'u', database: 'd', password: "new'$&" };
    const file = join(paths.www, 'wp-config.php');
    const config = (password: string) =>
      `<?php\n// edited\ndefine( 'DB_USER', 'u' );\n${phpDefine('DB_PASSWORD', password)}\ndefine( 'WP_DEBUG', true );\n`;
    await renewDatabasePassword({ paths, database }, siteInfo());
    expect(existsSync(file)).toBe(false);
    await writeWhole(file, config('old'));
    await renewDatabasePassword({ paths, database }, siteInfo());
    expect(readFileSync(file, 'utf8')).toBe(config(database.password));
  });
});

describe('in folders that a clone’s own code can write to', () => {
  test('no file is written through a link, neither of its name nor of its draft’s', async () => {
    const folder = makeTemp('links');
    const [outside, file] = [join(folder, 'outside'), join(folder, 'file')];
    writeFileSync(outside, 'as it was');
    for (const link of [file, `${file}.${process.pid}.part`]) symlinkSync(outside, link);
    await writeWhole(file, 'new');
    expect(readFileSync(outside, 'utf8')).toBe('as it was');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['file', 'outside']);
  });

  test('mail is read from plain files only, whatever else lies there', async () => {
    const paths = instancePaths(localLayout(makeTemp('mail')), 'x');
    mkdirSync(paths.mail, { recursive: true });
    const mail = { id: 'm', at: '', to: [], subject: 's', headers: [], body: '' };
    writeFileSync(join(paths.mail, 'b.json'), JSON.stringify(mail));
    execFileSync('mkfifo', [join(paths.mail, 'a.json')]);
    symlinkSync('b.json', join(paths.mail, 'c.json'));
    writeFileSync(join(paths.mail, 'd.json'), '');
    truncateSync(join(paths.mail, 'd.json'), 8 * 2 ** 30);
    expect(await listMail(paths, new AbortController().signal)).toEqual([mail]);
  });
});
