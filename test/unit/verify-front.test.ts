import { expect, test } from 'vitest';
import { judgeFiles, judgeFront, judgeLanguages } from '../../src/instance/verify/judge.ts';
import { lookAtFiles } from '../../src/instance/verify/page-files.ts';
import { lookAt, type Seen } from '../../src/site/looks.ts';

const page = (body: string, status = 200): Promise<Seen> =>
  lookAt(new URL('http://site.example/'), () =>
    Promise.resolve({ status, headers: { 'content-type': 'text/html' }, body }),
  );

const WHOLE = '<html><head><link href="/wp-content/themes/acme/style.css"></head><body>Acme</body></html>';

async function findingOf(clone: string, source = WHOLE): Promise<string | undefined> {
  const [copy, live] = await Promise.all([page(clone), page(source)]);
  const { findings, warnings } = judgeFront(copy, live.look, undefined, ' PHP said: no.');
  expect(warnings).toEqual([]);
  return findings[0]?.message;
}

test('a front page of status 200 that is none of the site’s is told of, with what it says', async () => {
  expect(await findingOf(WHOLE)).toBeUndefined();
  expect(
    await findingOf('<b>Site error</b>: the file x.php\nrequires the <i>ionCube</i> loader.<script>a()</script>'),
  ).toBe(
    "The front page shows nothing of WordPress, the source's does. It says: Site error: the file x.php requires the ionCube loader. PHP said: no.",
  );
  expect(await findingOf(`<html><body>${'Another page. '.repeat(100)}</body></html>`)).toBe(
    "The front page shows nothing of WordPress, the source's does. PHP said: no.",
  );
});

test('a front page that breaks off after its beginning was sent is told of', async () => {
  const begun = `<html><head><link href="/wp-content/themes/acme/style.css"></head><body>${'Text. '.repeat(200)}`;
  expect(await findingOf(begun)).toBe("The front page breaks off in the middle, the source's does not. PHP said: no.");
  expect(await findingOf(`${begun}<div class="wp-die-message">There has been a critical error.</div></html>`)).toBe(
    "The front page ends in an error, the source's does not. PHP said: no.",
  );
  // As they do at the source too, and as minified pages end.
  expect(await findingOf(begun, begun)).toBeUndefined();
  expect(await findingOf(WHOLE, begun)).toBeUndefined();
});

test('styles and scripts of the page’s own site are asked for, a few of each, and one that is missing among many is not told of', async () => {
  const styles = ['/a.css', 'https://cdn.example/b.css', '/up/c.css', '/a.css', '/d.css?v=1', '/e.css', '/f.css'];
  const links = styles.map((href) => `<link rel="preload stylesheet" href="${href}">`).join('');
  const seen = await page(`${links}<link rel="icon" href="/i.ico"><script>a()</script><script src="g.js"></script>`);
  const asked: string[] = [];
  const answering = (status: (path: string) => number) =>
    lookAtFiles(
      seen,
      ({ pathname }) => {
        asked.push(pathname);
        return Promise.resolve({ status: status(pathname) });
      },
      '/up/',
    );
  expect(judgeFiles(await answering(() => 200), []).warnings).toEqual([]);
  expect(asked).toEqual(['/a.css', '/d.css', '/g.js']);
  expect(judgeFiles(await answering((path) => (path === '/g.js' ? 404 : 200)), []).warnings).toEqual([]);
  const { findings, warnings } = judgeFiles(await answering((path) => (path === '/g.js' ? 200 : 404)), []);
  expect([findings, warnings]).toMatchObject([[], [{ code: 'FRONT_PAGE' }]]);
  expect(warnings[0]?.message).toContain('2 of 3 styles and scripts');
});

test('languages of the page at other hosts are told of, and those of its own host are not', async () => {
  const alternate = (language: string, href: string): string =>
    `<link rel="alternate" hreflang="${language}" href="${href}">`;
  const own = `${alternate('en', 'http://site.example/')}${alternate('fr', '/fr/')}<link rel="alternate" href="https://site.example.org/feed">`;
  expect(judgeLanguages(await page(own)).warnings).toEqual([]);
  const { findings, warnings } = judgeLanguages(await page(own + alternate('de', 'https://de.site.example/')));
  expect([findings, warnings]).toMatchObject([[], [{ code: 'FRONT_PAGE' }]]);
  expect(warnings[0]?.message).toContain('(de) have addresses of their own, such as https://de.site.example/');
});

test('a CDN that the page takes the site’s own styles from is told of, and no other host', async () => {
  const files = [
    'https://cdn.site.example/wp-content/themes/acme/style.css',
    'https://c0.wp.com/c/6.5/wp-includes/a.js',
  ];
  const links = [...files, 'https://www.live.example/wp-content/plugins/a/a.js', '/wp-content/themes/acme/b.css'];
  const seen = await page(links.map((href) => `<link rel="stylesheet" href="${href}">`).join(''));
  const found = await lookAtFiles(seen, () => Promise.resolve({ status: 200 }), undefined);
  const { warnings } = judgeFiles(found, ['https://live.example/']);
  expect(warnings).toMatchObject([{ code: 'FRONT_PAGE' }]);
  expect(warnings[0]?.message).toContain('of plugins and themes from cdn.site.example, as');
  expect(judgeFiles({ ...found, copies: [] }, []).warnings).toEqual([]);
});
