import { cpSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { WEB_USER } from '../support/servers.ts';
import { startSource, type Source, type SourceOptions } from '../support/source/index.ts';
import { makeTemp, run } from '../support/temp.ts';

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
  const paths: string[] = [];
  for await (const entries of client.manifest({ roots: info.roots.map(({ id }) => id), exclude: [] }, never))
    paths.push(...entries.map(({ root, path }) => `${root}:${path}`));
  await client.close();
  return { info, paths };
}

describe('the folders of a site', () => {
  it('lie where its URL has them when it is below the origin', async () => {
    await withSource({ home: '/blog' }, async (source) => {
      const { info } = await describeSite(source);
      expect(info.roots).toEqual([{ id: 'core', path: source.path, place: 'blog' }]);
    });
  });

  it('lie where the core is when that has a folder of its own', async () => {
    await withSource({ core: '/core' }, async (source) => {
      const { info } = await describeSite(source);
      expect(info).toMatchObject({ home: source.url, siteurl: `${source.url}/core` });
      expect(info.roots).toEqual([{ id: 'core', path: source.path, place: 'core' }]);
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
        if (WEB_USER) await run(['chown', '-R', `${WEB_USER}:`, moved, disk]);
        const { info, paths } = await describeSite(source);
        expect(info.roots).toEqual([
          { id: 'core', path, place: '' },
          { id: 'content', path: join(source.docroot, '../app'), place: 'wp-content' },
          { id: 'uploads', path: join(disk, 'uploads'), place: 'wp-content/uploads' },
        ]);
        expect(paths).toContain('content:index.php');
        expect(paths.filter((each) => each === 'core:wp-content' || each === 'content:uploads')).toEqual([]);
        expect(paths.some((each) => each.startsWith('uploads:'))).toBe(true);
      });
    } finally {
      rmSync(disk, { recursive: true, force: true });
    }
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
        expect(info.activePlugins.join()).not.toContain('wpclone');
      },
    );
  });
});
