import { expect, test } from 'vitest';
import type { ManifestEntry } from '../../../src/site/client-types.ts';
import { planFiles } from '../../../src/transfer/files/choose.ts';
import { collectWarnings } from '../../../src/transfer/warnings.ts';
import { siteInfo } from '../../support/site-info.ts';

const entry = (root: string, path: string, kind: ManifestEntry['kind'] = 'file'): ManifestEntry => ({
  root,
  path,
  kind,
  size: 1,
  mtime: 1,
  ctime: 1,
  mode: 0o644,
});

test('of a core that brings a content folder nothing of that is copied where the site has one of its own', () => {
  const info = siteInfo({
    paths: {
      abspath: '/opt/core/6.1',
      content: '/srv/site/wp-content',
      plugins: '/srv/site/wp-content/plugins',
      muPlugins: '/srv/site/wp-content/mu-plugins',
      uploads: '/srv/site/wp-content/uploads',
    },
    roots: [
      { id: 'core', path: '/opt/core/6.1', place: '' },
      { id: 'content', path: '/srv/site/wp-content', place: 'wp-content' },
      { id: 'link-1', path: '/opt/plugins/shop/latest', place: 'wp-content/plugins/shop' },
    ],
  });
  const warnings = collectWarnings();
  const { choose } = planFiles({ info, media: 'copy', excludePaths: [], excludeTables: [], ttlSeconds: 60 }, warnings);
  const placeOf = (root: string, path: string, kind?: ManifestEntry['kind']) => choose(entry(root, path, kind))?.place;
  expect(placeOf('core', 'wp-load.php')).toBe('wp-load.php');
  expect(placeOf('core', 'wp-content-notes.txt')).toBe('wp-content-notes.txt');
  expect(placeOf('core', 'wp-content', 'directory')).toBeUndefined();
  expect(placeOf('core', 'wp-content/plugins/shop/shop.php')).toBeUndefined();
  expect(placeOf('core', 'wp-content/plugins/old/old.php')).toBeUndefined();
  expect(placeOf('content', 'plugins/shop/shop.php')).toBeUndefined();
  expect(placeOf('content', 'plugins/seo/seo.php')).toBe('wp-content/plugins/seo/seo.php');
  expect(placeOf('link-1', 'shop.php')).toBe('wp-content/plugins/shop/shop.php');
  expect(warnings.list()).toEqual([]);
});

test('the log that PHP writes beside the code it runs is left out of every folder, and code of such a name is not', () => {
  const warnings = collectWarnings();
  const { choose } = planFiles(
    {
      info: siteInfo({ roots: [{ id: 'core', path: '/srv/old', place: '' }] }),
      media: 'copy',
      excludePaths: [],
      excludeTables: [],
      ttlSeconds: 60,
    },
    warnings,
  );
  const isCopied = (path: string, kind?: ManifestEntry['kind']): boolean =>
    choose(entry('core', path, kind)) !== undefined;
  for (const path of ['error_log', 'wp-admin/error_log', 'wp-content/plugins/acme/error_log'])
    expect([path, isCopied(path)]).toEqual([path, false]);
  for (const path of ['wp-content/plugins/acme/error_log.php', 'wp-content/plugins/acme/my-error_log'])
    expect([path, isCopied(path)]).toEqual([path, true]);
  expect(isCopied('wp-content/plugins/error_log', 'directory')).toBe(true);
  expect(isCopied('wp-content/plugins/error_log/error_log.php')).toBe(true);
  expect(warnings.list()).toEqual([]);
});

test('backups that tools and hosts keep in the content folder are left out', () => {
  const info = siteInfo({ roots: [{ id: 'core', path: '/srv/old', place: '' }] });
  const { choose } = planFiles(
    { info, media: 'copy', excludePaths: [], excludeTables: [], ttlSeconds: 60 },
    collectWarnings(),
  );
  const isCopied = (path: string): boolean => choose(entry('core', `wp-content/${path}`)) !== undefined;
  for (const path of [
    'mysql.sql',
    'updraft/x.zip',
    'backup-migration-eh8dobKJWN/backups/x.zip',
    'uploads/mainwp/backup/x.zip',
    'uploads/ithemes-security/logs/event-log.log',
  ])
    expect([path, isCopied(path)]).toEqual([path, false]);
  for (const path of ['uploads/mysql.sql', 'uploads/ithemes-security/x.png', 'plugins/backup-migration/x.php'])
    expect([path, isCopied(path)]).toEqual([path, true]);
});

/** Of a site in /blog whose plugin says by which globs it left something out. */
function told(excludePaths: readonly string[], leftOut: readonly string[] | undefined): readonly string[] {
  const root = { id: 'core', path: '/srv/site/blog', place: 'blog' };
  const info = siteInfo({
    paths: {
      abspath: root.path,
      content: '/srv/site/blog/wp-content',
      plugins: '/srv/site/blog/wp-content/plugins',
      muPlugins: '/srv/site/blog/wp-content/mu-plugins',
      uploads: '/srv/site/blog/wp-content/uploads',
    },
    roots: [root],
  });
  const warnings = collectWarnings();
  const plan = planFiles({ info, media: 'copy', excludePaths, excludeTables: [], ttlSeconds: 60 }, warnings);
  if (leftOut !== undefined) plan.fits(leftOut.map((glob) => plan.exclude.indexOf(glob)));
  plan.choose(entry('core', 'wp-content/uploads/film1.mp4'));
  plan.tellOfUnmatched();
  return warnings.list().map(({ code, message }) => `${code} ${message}`);
}

test('a pattern of paths that leaves nothing out is told of, and none that does, here or at the site', () => {
  expect(told(['wp-content/uploads/vidoes/**', 'readme.html', '['], ['blog/readme.html'])).toEqual([
    'EXCLUDE_UNMATCHED The pattern wp-content/uploads/vidoes/** left out no file and no folder.',
    'EXCLUDE_UNMATCHED The pattern [ left out no file and no folder.',
  ]);
  // A set of letters is known here only.
  expect(told(['wp-content/uploads/film[12].mp4'], [])).toEqual([]);
});

test('what is left out anyway, or by another pattern, makes no pattern a wrong one; nor does a plugin that does not tell', () => {
  expect(told(['/wp-content/cache/**'], [])).toEqual([]);
  expect(told(['wp-content/uploads', 'wp-content/uploads/2024/**'], ['blog/wp-content/uploads'])).toEqual([]);
  expect(told(['nothing'], undefined)).toEqual([]);
});
