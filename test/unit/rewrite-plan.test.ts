import { expect, test } from 'vitest';
import type { SiteInfo } from '../../src/site/info.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';

const simple = {
  home: 'https://old.com',
  siteurl: 'https://old.com',
  paths: {
    abspath: '/var/www/html',
    content: '/var/www/html/wp-content',
    plugins: '/var/www/html/wp-content/plugins',
    muPlugins: '/var/www/html/wp-content/mu-plugins',
    uploads: '/var/www/html/wp-content/uploads',
  },
  urls: {
    content: 'https://old.com/wp-content',
    plugins: 'https://old.com/wp-content/plugins',
    uploads: 'https://old.com/wp-content/uploads',
  },
  roots: [{ id: 'core', path: '/var/www/html', place: '' }],
};

/** Only what the plan reads. */
function plan(info: Partial<typeof simple>, cloneUrl = 'http://localhost:8101') {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the plan reads nothing else of the site's answer
  return planMapping({ ...simple, ...info } as unknown as SiteInfo, cloneUrl, '/data/www');
}

const rewriting = (mapping: ReturnType<typeof plan>) => (text: string) =>
  createRewriter(mapping).value(Buffer.from(text)).toString();

test('an ordinary site needs its address, with and without www, and its folder', () => {
  expect(plan({})).toEqual({
    from: ['https://old.com', 'https://www.old.com'],
    to: ['http://localhost:8101', 'http://localhost:8101'],
    paths: [{ from: '/var/www/html', to: '/data/www' }],
  });
});

test('the clone keeps the path of the source', () => {
  const rewrite = rewriting(
    plan({ home: 'https://www.old.com/blog', siteurl: 'https://www.old.com/blog/wp' }, 'http://localhost:8101/blog'),
  );
  expect(rewrite('https://old.com/blog/a //www.old.com/blog/wp/b')).toBe(
    'http://localhost:8101/blog/a //localhost:8101/blog/wp/b',
  );
  expect(rewrite('https://old.com/other')).toBe('https://old.com/other');
});

test('content beside the blog on the same host comes along, on a host of its own it stays', () => {
  const urls = { ...simple.urls, content: 'https://old.com/shared', uploads: 'https://cdn.test/up' };
  const rewrite = rewriting(plan({ home: 'https://old.com/blog', siteurl: 'https://old.com/blog', urls }));
  expect(rewrite('https://old.com/shared/a.css https://cdn.test/up/b.jpg')).toBe(
    'http://localhost:8101/shared/a.css https://cdn.test/up/b.jpg',
  );
});

test('an address of the core on another host of the same site leads to the clone too', () => {
  const rewrite = rewriting(plan({ siteurl: 'https://wp.old.com' }));
  expect(rewrite('https://wp.old.com/wp-admin/ https://old.com')).toBe(
    'http://localhost:8101/wp-admin/ http://localhost:8101',
  );
});

test('folders outside the core go where they are served', () => {
  const paths = { ...simple.paths, abspath: '/srv/app/wp', content: '/srv/app/content', uploads: '/mnt/media/files' };
  const roots = [
    { id: 'core', path: '/srv/app/wp', place: 'wp' },
    { id: 'content', path: '/srv/app/content', place: 'content' },
  ];
  const rewrite = rewriting(plan({ paths, roots }));
  expect(rewrite('/srv/app/wp/a /srv/app/content/b /mnt/media/files/c /srv/app/other')).toBe(
    '/data/www/wp/a /data/www/content/b /data/www/wp-content/uploads/c /srv/app/other',
  );
});

test('a folder that reads like an address on the site is not mapped', () => {
  const paths = { ...simple.paths, abspath: '/app', content: '/app/wp-content' };
  const roots = [{ id: 'core', path: '/app', place: '' }];
  expect(rewriting(plan({ paths, roots }))('<a href="/app/a">')).toBe('<a href="/app/a">');
});

test.each(['http://localhost:8080', 'http://192.168.1.5', 'http://[::1]:8080'])('%s has no twin with www', (home) => {
  expect(plan({ home, siteurl: home, urls: { content: home, plugins: home, uploads: home } }).from).toEqual([home]);
});
