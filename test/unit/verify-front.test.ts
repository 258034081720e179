import { expect, test } from 'vitest';
import { judgeFront } from '../../src/instance/verify/judge.ts';
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
