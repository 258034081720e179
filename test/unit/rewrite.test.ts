import { expect, test } from 'vitest';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type { UrlMapping } from '../../src/transfer/rewrite/types.ts';

const clone = 'http://localhost:8101';
const plain: UrlMapping = {
  from: ['https://old.com', 'https://www.old.com'],
  to: [clone, clone],
  paths: [
    { from: '/var/www/html', to: '/data/clone/www' },
    { from: '/srv/media/uploads', to: '/data/clone/www/wp-content/uploads' },
  ],
};

const rewriting = (mapping: UrlMapping) => {
  const rewriter = createRewriter(mapping);
  return (text: string): string => rewriter.value(Buffer.from(text)).toString();
};
const rewrite = rewriting(plain);

test('a value without an address of the source is the very same buffer', () => {
  const value = Buffer.from('nothing here, not even old.com without slashes');
  expect(createRewriter(plain).value(value)).toBe(value);
});

test.each([
  ['both schemes', 'http://old.com/a https://old.com/b', `${clone}/a ${clone}/b`],
  ['protocol-relative', 'src="//old.com/a.js"', 'src="//localhost:8101/a.js"'],
  ['with and without www', '//www.old.com //old.com', '//localhost:8101 //localhost:8101'],
  ['upper case', 'HTTPS://WWW.Old.COM/A', `${clone}/A`],
  ['a standard port', 'https://old.com:443/a http://old.com:80/b', `${clone}/a ${clone}/b`],
  ['JSON slashes', String.raw`{"u":"https:\/\/old.com\/a"}`, String.raw`{"u":"http:\/\/localhost:8101\/a"}`],
  ['JSON in JSON', String.raw`https:\\\/\\\/old.com\\\/a`, String.raw`http:\\\/\\\/localhost:8101\\\/a`],
  [
    'escaped code points',
    String.raw`https:\u002F\u002fold.com\u002Fa`,
    String.raw`http:\u002F\u002flocalhost:8101\u002Fa`,
  ],
  ['URL-encoded', 'u=https%3A%2F%2Fold.com%2Fa', 'u=http%3A%2F%2Flocalhost%3A8101%2Fa'],
  ['URL-encoded, lower case', 'u=https%3a%2f%2fold.com%2fa', 'u=http%3a%2f%2flocalhost%3a8101%2fa'],
  ['URL-encoded twice', 'https%253A%252F%252Fold.com%252Fa', 'http%253A%252F%252Flocalhost%253A8101%252Fa'],
  ['URL-encoded without scheme', '%2F%2Fold.com%2Fa', '%2F%2Flocalhost%3A8101%2Fa'],
  ['HTML entities', 'https:&#x2F;&#x2F;old.com&#x2F;?a&#038;b', 'http:&#x2F;&#x2F;localhost:8101&#x2F;?a&#038;b'],
  ['an address in an address', 'https://cdn.test/?u=https://old.com&w=1', `https://cdn.test/?u=${clone}&w=1`],
  [
    'srcset',
    'srcset="https://old.com/a.jpg 1x, https://old.com/b.jpg 2x"',
    `srcset="${clone}/a.jpg 1x, ${clone}/b.jpg 2x"`,
  ],
  ['CSS', 'a{background:url(//old.com/a.png)}', 'a{background:url(//localhost:8101/a.png)}'],
  ['the end of a sentence', 'See https://old.com. Or https://old.com!', `See ${clone}. Or ${clone}!`],
  ['punctuation that is not ASCII', '“https://old.com”，https://old.com…', `“${clone}”，${clone}…`],
  ['a query or fragment without a path', 'https://old.com?a https://old.com#b', `${clone}?a ${clone}#b`],
  ['the dot at the end of a full name', 'https://old.com./a, see https://old.com.', `${clone}/a, see ${clone}.`],
  ['a colon without a port', 'https://old.com:/a or https://old.com: that', `${clone}/a or ${clone}: that`],
  [
    'a name and a password',
    'https://bob:pw@old.com/a http://bob@old.com',
    'http://bob:pw@localhost:8101/a http://bob@localhost:8101',
  ],
  [
    'JSON, URL-encoded',
    encodeURIComponent(String.raw`{"u":"https:\/\/old.com\/a"}`),
    encodeURIComponent(String.raw`{"u":"http:\/\/localhost:8101\/a"}`),
  ],
  [
    'JSON, URL-encoded twice, without scheme',
    String.raw`%255C%252F%255C%252Fold.com%255C%252Fa`,
    String.raw`%255C%252F%255C%252Flocalhost%253A8101%255C%252Fa`,
  ],
])('an address is rewritten in its own form: %s', (_, before, after) => {
  expect(rewrite(before)).toBe(after);
});

test.each([
  'https://old.com.evil/',
  'https://old.com.Evil',
  'https://notold.com/',
  'https://my-old.com/',
  'https://old.company/',
  'https://old.com-pany.test',
  'https://old.com_x/',
  'https://old.comé.test/',
  'https://old.com%2eevil/',
  'https://old.com。evil/',
  '//bob@old.com/',
  'mailto:a@https.old.com',
  'https://x.test/@old.com',
  String.raw`https://old.com\u00e9.test`,
  'https://old.com@evil.test/',
  'https://old.com:secret@evil.test/',
  'https://old.com:80@evil.test/',
  'https%3A%2F%2Fold.com%40evil.test',
  'https://old.com:8080/',
  'https%3A%2F%2Fold.com%3A8080',
  'https://old.com:80808/',
  'http://old.com:443/',
  'https://sub.old.com/',
  'mailto:user@old.com',
  'user@www.old.com',
  'old.com/path',
  'ftp://old.com/',
])('another host, port or kind of address is left alone: %s', (text) => {
  expect(rewrite(text)).toBe(text);
});

test('a port of the source belongs to its address', () => {
  const local = rewriting({ from: ['http://localhost:8080'], to: ['https://clone.test'], paths: [] });
  expect(local('http://localhost:8080/a http%3A%2F%2Flocalhost%3A8080')).toBe(
    'https://clone.test/a https%3A%2F%2Fclone.test',
  );
  for (const other of ['http://localhost/', 'http://localhost:80/', 'http://localhost:80801/'])
    expect(local(other)).toBe(other);
});

test.each(['http://müller.example', 'http://xn--mller-kva.example'])(
  'a Unicode host is found in each spelling: %s',
  (from) => {
    const rewriteWide = rewriting({ from: [from], to: [clone], paths: [] });
    for (const host of [
      'müller.example',
      'MÜLLER.example',
      'xn--mller-kva.example',
      String.raw`m\u00fcller.example`,
      'm%C3%BCller.example',
    ]) {
      expect(rewriteWide(`x http://${host}/a`)).toBe(`x ${clone}/a`);
    }
  },
);

test('a host with two hyphens is found where the editor of blocks keeps them out of its comments', () => {
  const block = (url: string): string =>
    `<!-- wp:image {"url":"${url.replaceAll('--', String.raw`\u002d\u002d`)}/a.jpg"} -->`;
  for (const host of ['my--site.example', 'xn--mller-kva.example']) {
    const rewriteHost = rewriting({ from: [`https://${host}`], to: [clone], paths: [] });
    expect(rewriteHost(`https://${host}/ ${block(`https://${host}`)}`)).toBe(`${clone}/ ${block(clone)}`);
  }
});

test('the path of the source is found in each spelling, and stays as it is spelled', () => {
  const wide = rewriting({ from: ['https://old.com/bücher--1'], to: [`${clone}/b%C3%BCcher--1`], paths: [] });
  for (const path of [
    '/bücher--1/a',
    '/b%C3%BCcher--1/a',
    '/b%c3%bccher--1',
    String.raw`\/b\u00fccher\u002d\u002d1\/a`,
    '%2Fb%C3%BCcher--1%2Fa',
    '%2Fb%25C3%25BCcher--1%2Fa',
  ])
    expect(wide(`https://old.com${path}`)).toBe(path.startsWith('%') ? `http://localhost:8101${path}` : clone + path);
  for (const path of ['/bucher--1', '/bücher-1', '/bücher--12'])
    expect(wide(`https://old.com${path}`)).toBe(`https://old.com${path}`);
});

const blog = rewriting({
  from: ['https://old.com/blog/wp', 'https://old.com/blog'],
  to: [`${clone}/blog/wp`, `${clone}/blog`],
  paths: [],
});

test.each([
  ['https://old.com/blog', `${clone}/blog`],
  ['https://old.com/blog/a', `${clone}/blog/a`],
  ['https://old.com/blog.', `${clone}/blog.`],
  ['https://old.com/blog, x', `${clone}/blog, x`],
  ['https://old.com/blog?x', `${clone}/blog?x`],
  ['https://old.com/blog/wp/a', `${clone}/blog/wp/a`],
  [String.raw`https:\/\/old.com\/blog\/`, String.raw`http:\/\/localhost:8101\/blog\/`],
  ['https%3A%2F%2Fold.com%2Fblog%2F', 'http%3A%2F%2Flocalhost%3A8101%2Fblog%2F'],
])('the path of the source belongs to its address: %s', (before, after) => {
  expect(blog(before)).toBe(after);
});

test.each(['/blogger', '/blog-2', '/blog.html', '/Blog', '', '/', '/shop', '/blog%C3%A9', '/bloé'])(
  'another path on the same host is left alone: %s',
  (path) => {
    expect(blog(`https://old.com${path}`)).toBe(`https://old.com${path}`);
  },
);

test.each([
  ['/var/www/html', '/data/clone/www'],
  ['/var/www/html/wp-content/a.php:12', '/data/clone/www/wp-content/a.php:12'],
  [String.raw`"\/var\/www\/html\/x"`, String.raw`"\/data\/clone\/www\/x"`],
  ['path=%2Fvar%2Fwww%2Fhtml%2Fx', 'path=%2Fdata%2Fclone%2Fwww%2Fx'],
  ['.:/var/www/html:/usr/share', '.:/data/clone/www:/usr/share'],
  ['file:///var/www/html/a', 'file:///data/clone/www/a'],
  [String.raw`a\n/var/www/html`, String.raw`a\n/data/clone/www`],
  ['/srv/media/uploads/2026/a.jpg', '/data/clone/www/wp-content/uploads/2026/a.jpg'],
])('an absolute path of the source is rewritten: %s', (before, after) => {
  expect(rewrite(before)).toBe(after);
});

test.each([
  '/var/www/html2',
  '/var/www/html-old',
  '/var/www/html.bak/x',
  '/mnt/var/www/html',
  '../var/www/html',
  'https://cdn.test/var/www/html',
  'x/var/www/html',
  'é/var/www/html',
  '/var/www/HTML',
])('a longer, relative or other path is left alone: %s', (text) => {
  expect(rewrite(text)).toBe(text);
});

test('a Windows path is rewritten with slashes and with escaped backslashes', () => {
  const windows = rewriting({ from: [], to: [], paths: [{ from: String.raw`C:\inetpub\wwwroot`, to: '/data/www' }] });
  expect(windows(String.raw`C:\inetpub\wwwroot\a "C:\\inetpub\\wwwroot" C:/inetpub/wwwroot/b`)).toBe(
    String.raw`/data/www\a "/data/www" /data/www/b`,
  );
  expect(windows(String.raw`C:\inetpub\wwwroot2 D:\inetpub\wwwroot`)).toBe(
    String.raw`C:\inetpub\wwwroot2 D:\inetpub\wwwroot`,
  );
});

test('where the new address contains the old one, what is new already stays as it is', () => {
  const nested = rewriting({
    from: ['https://example.com', 'https://www.example.com'],
    to: ['https://example.com/new', 'https://example.com/new'],
    paths: [{ from: '/var/www', to: '/var/www/clones/1' }],
  });
  const once = nested(String.raw`https://example.com/a https:\/\/www.example.com\/b /var/www/x //example.com`);
  expect(once).toBe(
    String.raw`https://example.com/new/a https:\/\/example.com\/new\/b /var/www/clones/1/x //example.com/new`,
  );
  expect(nested(once)).toBe(once);
  expect(nested('https://example.com/newest')).toBe('https://example.com/new/newest');
});

test('an address that a shop keeps unreadable on purpose, so that a copy is noticed, is left alone', () => {
  const kept = 'https://[wc_subscriptions_siteurl]old.com';
  expect(rewrite(kept)).toBe(kept);
});

test('JSON is not decoded: empty objects, number formats and spacing stay', () => {
  const before = String.raw`{"a":{}, "n":1.0,"u":"https:\/\/old.com","e":"\u00e9"}`;
  expect(rewrite(before)).toBe(before.replace(String.raw`https:\/\/old.com`, String.raw`http:\/\/localhost:8101`));
});

test('what is not text survives byte by byte around a match', () => {
  const noise = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const value = Buffer.concat([noise, Buffer.from('\nhttps://old.com/a\n'), noise]);
  const expected = Buffer.concat([noise, Buffer.from(`\n${clone}/a\n`), noise]);
  expect(createRewriter(plain).value(value).equals(expected)).toBe(true);
});

test('base64 content is not looked into', () => {
  const encoded = Buffer.from('see https://old.com/a').toString('base64');
  expect(rewrite(encoded)).toBe(encoded);
});
