import { expect, it } from 'vitest';
import { lookAt } from '../../src/site/looks.ts';
import { pageCacheOf } from '../../src/site/page-cache.ts';

it.each([
  ['nothing', {}, '<html></html>', undefined],
  ['a plugin, by its comment', {}, '<p>x</p><!-- Performance optimized by W3 Total Cache. -->', 'W3 Total Cache'],
  ['what stands in front', { 'cf-cache-status': 'HIT' }, '', 'Cloudflare'],
  ['what has just been kept', { 'x-cache': ['MISS'] }, '', 'a proxy'],
  ['what is passed on and not kept', { 'cf-cache-status': 'DYNAMIC', 'x-proxy-cache': 'BYPASS' }, '', undefined],
  ['words of the site that are no comment', {}, '<h1>WP Rocket, reviewed</h1>', undefined],
])('finds the cache of a page: %s', (_, headers, body, name) => {
  expect(pageCacheOf(headers, body)).toBe(name);
});

it.each([
  ['<br />\n<b>Fatal error</b>:  Uncaught Error: there is no such function', true],
  ['PHP Parse error: syntax error, unexpected', true],
  ['<p>How to mend a Fatal error: a guide</p>', false],
])('sees that PHP ended in the middle of a page although the status is 200: %s', async (body, fatal) => {
  const { look } = await lookAt(new URL('https://a.example/'), () =>
    Promise.resolve({ status: 200, headers: {}, body }),
  );
  expect(look.fatal).toBe(fatal);
});
