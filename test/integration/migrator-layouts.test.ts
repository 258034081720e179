import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { placesOf } from '../../src/instance/places.ts';
import type { ManifestEntry } from '../../src/site/client-types.ts';
import { collectFiles, installMigrator, never, testClient } from '../support/migrator.ts';
import { WEB_USER } from '../support/servers.ts';
import type { Source, SourceOptions } from '../support/source/index.ts';
import { sourcesOnOneServer } from '../support/source/one-server.ts';
import { makeTemp, run } from '../support/temp.ts';

const startSource = sourcesOnOneServer();

async function withSource(options: SourceOptions, use: (source: Source) => Promise<void>): Promise<void> {
  const source = await startSource(options);
  try {
    await use(source);
  } finally {
    await source.stop();
  }
}

async function describeSite(source: Source) {
  const client = testClient(await installMigrator(source));
  const info = await client.info(never);
  const entries: ManifestEntry[] = [];
  for await (const some of client.manifest({ roots: info.roots.map(({ id }) => id), exclude: [] }, never))
    entries.push(...some);
  onTestFinished(() => client.close());
  const refused = Object.fromEntries(
    entries.filter(({ kind }) => kind === 'refused').map(({ path, reason }) => [path, reason]),
  );
  return { client, info, paths: entries.map(({ root, path }) => `${root}:${path}`), refused };
}

/** Files that hold their own name. */
function put(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
}

describe('the folders of a site', () => {
  it('lie where its URL has them when it is below the origin', async () => {
    // As a trailing slash in WP_HOME makes it; to browsers and web servers it is /blog/wp-content.
    await withSource({ home: '/blog', constants: { WP_CONTENT_URL: '/blog//./wp-content' } }, async (source) => {
      const { info } = await describeSite(source);
      expect(info.roots).toEqual([{ id: 'core', path: source.path, place: 'blog' }]);
      expect(placesOf(info)).toMatchObject({ content: 'blog/wp-content', uploads: 'blog/wp-content/uploads' });
    });
  });

  it('are the folder of its address when the core has one of its own in it', async () => {
    await withSource({ home: '/blog', core: '/blog/core' }, async (source) => {
      put(source.docroot, [
        'above.txt',
        'blog/robots.txt',
        'blog/.htaccess',
        'blog/assets/a.css',
        'blog/wp-config.bak',
      ]);
      const { info, paths } = await describeSite(source);
      expect(info).toMatchObject({ home: source.url, siteurl: `${source.url}/core` });
      expect(info.roots).toEqual([{ id: 'home', path: join(source.docroot, 'blog'), place: 'blog' }]);
      expect(paths).toEqual(
        expect.arrayContaining(['home:robots.txt', 'home:.htaccess', 'home:assets/a.css', 'home:core/wp-load.php']),
      );
      expect(paths.filter((each) => /above|wp-config/.test(each))).toEqual(['home:core/wp-config-sample.php']);
    });
  });

  it('are only the core’s when the web server runs no index.php in the folder of its address', async () => {
    const nginx = 'rewrite ^/$ /core/index.php last;';
    await withSource({ core: '/core', nginx }, async (source) => {
      put(source.docroot, ['robots.txt']);
      const { info } = await describeSite(source);
      expect(info.roots).toEqual([{ id: 'core', path: source.path, place: 'core' }]);
    });
  });

  it('are two when the core is linked into the folder of its address from elsewhere', async () => {
    await withSource({ core: '/core' }, async (source) => {
      const elsewhere = join(source.docroot, '../wordpress');
      renameSync(source.path, elsewhere);
      symlinkSync(elsewhere, source.path);
      put(source.docroot, ['robots.txt']);
      const { info, paths } = await describeSite(source);
      expect(info.roots).toEqual([
        { id: 'home', path: source.docroot, place: '' },
        { id: 'core', path: elsewhere, place: 'core' },
      ]);
      expect(paths).toEqual(expect.arrayContaining(['home:robots.txt', 'core:wp-load.php']));
      expect(paths.filter((each) => each.startsWith('home:core'))).toEqual([]);
    });
  });

  it('do not include other sites beside it, neither listed nor by name', async () => {
    await withSource({ core: '/core' }, async (source) => {
      put(source.docroot, [
        'shop/wp-load.php',
        'shop/a/secret.txt',
        'two/wp-config.php',
        'two/old/secret.txt',
        'own/a.txt',
      ]);
      put(source.content, ['plugins/tool/tests/wp-load.php']);
      const { client, paths, refused } = await describeSite(source);
      const among = (name: string) => paths.filter((each) => each.startsWith(`home:${name}`));
      expect(among('shop').concat(among('two'))).toEqual(['home:shop', 'home:two']);
      expect(refused).toEqual({ shop: 'other-site', two: 'other-site' });
      expect(among('own')).toEqual(['home:own', 'home:own/a.txt']);
      expect(paths).toContain('home:core/wp-content/plugins/tool/tests/wp-load.php');
      const asked = ['shop/a/secret.txt', 'two/old/secret.txt', 'own/a.txt'];
      const bodies = await collectFiles(
        client.files(
          asked.map((path) => ({ root: 'home', path, size: 1 })),
          never,
        ),
      );
      expect(asked.map((path) => bodies.get(path)?.failed)).toEqual(['gone', 'gone', undefined]);
    });
  });

  it('do not include another site in a folder of a site that lies at the top', async () => {
    await withSource({}, async (source) => {
      put(source.docroot, ['shop/wp-settings.php', 'shop/a/secret.txt']);
      const { refused, paths } = await describeSite(source);
      expect(refused).toEqual({ shop: 'other-site' });
      expect(paths.filter((each) => each.startsWith('core:shop'))).toEqual(['core:shop']);
    });
  });

  it('include a content folder with another name beside the core, and uploads linked in from another disk', async () => {
    const disk = makeTemp('disk');
    await run(['chmod', '755', disk]);
    try {
      await withSource({}, async (source) => {
        const moved = join(source.docroot, '..', 'app');
        const { path } = source;
        cpSync(source.content, moved, { recursive: true });
        renameSync(join(moved, 'uploads'), join(disk, 'uploads'));
        symlinkSync(join(disk, 'uploads'), join(moved, 'uploads'));
        rmSync(source.content, { recursive: true });
        symlinkSync(moved, source.content);
        // Each release of a site in a folder of its own, with what all of them share beside it.
        put(disk, ['languages/de_DE.mo', 'shared/acme.php']);
        symlinkSync(join(disk, 'languages'), join(moved, 'languages'));
        symlinkSync(join(disk, 'shared'), join(moved, 'mu-plugins/acme'));
        if (WEB_USER) await run(['chown', '-R', `${WEB_USER}:`, moved, disk]);
        const { info, paths } = await describeSite(source);
        expect(info.roots).toEqual([
          { id: 'core', path, place: '' },
          { id: 'content', path: join(source.docroot, '../app'), place: 'wp-content' },
          { id: 'uploads', path: join(disk, 'uploads'), place: 'wp-content/uploads' },
          { id: 'link-1', path: join(disk, 'shared'), place: 'wp-content/mu-plugins/acme' },
          { id: 'link-2', path: join(disk, 'languages'), place: 'wp-content/languages' },
        ]);
        expect(paths).toContain('content:index.php');
        expect(paths.filter((each) => each === 'core:wp-content' || each === 'content:uploads')).toEqual([]);
        expect(paths.some((each) => each.startsWith('uploads:'))).toBe(true);
      });
    } finally {
      rmSync(disk, { recursive: true, force: true });
    }
  });

  it('have whole addresses when the site gives them from the top of its host', async () => {
    await withSource({ constants: { WP_CONTENT_URL: '/wp-content' } }, async (source) => {
      const config = join(source.path, 'wp-config.php');
      const own = `<?php define( 'WP_HOME', '//' . $_SERVER['HTTP_HOST'] ); define( 'WP_SITEURL', '/' );`;
      writeFileSync(config, own + readFileSync(config, 'utf8').slice('<?php'.length));
      const { info } = await describeSite(source);
      expect(info).toMatchObject({ home: source.url, siteurl: source.url });
      expect(info.urls).toEqual({
        content: `${source.url}/wp-content`,
        plugins: `${source.url}/wp-content/plugins`,
        uploads: `${source.url}/wp-content/uploads`,
      });
    });
  });

  it('are found by straight ways where the site writes "..", and come with what wp-config.php makes itself', async () => {
    await withSource({}, async (source) => {
      const config = join(source.path, 'wp-config.php');
      const own = `<?php function acme_env() { return 1; } class Acme_Conf {}
        $acme_servers = array( 'one' => '${source.url}', 'n' => 2 );
        $acme['api_key'] = 'not to be told'; $late = 1;
        $acme_first = array( 'for the database' => '${source.database.password}' );
        define( 'WP_CONTENT_DIR', __DIR__ . '/wp-includes/../wp-content' );`;
      writeFileSync(config, own + readFileSync(config, 'utf8').slice('<?php'.length));
      const { info } = await describeSite(source);
      expect(info.paths).toMatchObject({ content: source.content, plugins: join(source.content, 'plugins') });
      expect(placesOf(info)).toMatchObject({ content: 'wp-content', plugins: 'wp-content/plugins' });
      expect(info.roots.map(({ id }) => id)).toEqual(['core']);
      expect(info.configuration).toMatchObject({
        code: ['acme_env()', 'Acme_Conf'],
        variables: { acme_servers: { one: source.url, n: 2 } },
        keptBack: ['acme', 'acme_first'],
      });
      expect(JSON.stringify(info)).not.toContain(source.database.password);
      expect(JSON.stringify(info)).not.toContain('not to be told');
      expect(info.php).toEqual({ sapi: 'fpm-fcgi', shortOpenTag: false });
    });
  });

  it('say so when the site is a network', async () => {
    await withSource({ multisite: true }, async (source) => {
      expect((await describeSite(source)).info.multisite).toBe(true);
    });
  });

  it('come with prefix, charset and constants of the site', async () => {
    await withSource(
      { tablePrefix: 'Odd_', constants: { WP_POST_REVISIONS: 7, DISALLOW_FILE_EDIT: true, MY_SECRET: 's3cret' } },
      async (source) => {
        const { info } = await describeSite(source);
        expect(info).toMatchObject({
          tablePrefix: 'Odd_',
          charset: 'utf8mb4',
          constants: { WP_POST_REVISIONS: 7, DISALLOW_FILE_EDIT: true },
        });
        expect(info.tables.every(({ name }) => name.startsWith('Odd_'))).toBe(true);
        expect(JSON.stringify(info)).not.toContain('s3cret');
        expect(JSON.stringify(info)).not.toContain(source.database.password);
      },
    );
  });
});
