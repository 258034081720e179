import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonIn } from '../../src/site/json-in.ts';
import { isChallenge, isFromWordPress, limitsRequests } from '../../src/site/signs.ts';

const answer = (status: number, text: string, headers: Record<string, string> = {}) => ({ status, headers, text });

describe('a limit on requests', () => {
  it.each([
    ['any 429', answer(429, ''), true],
    [
      'what nginx says',
      answer(503, '<html><head><title>503 Service Temporarily Unavailable</title></head></html>'),
      true,
    ],
    ['nothing but the status', answer(503, ''), true],
    ['words', answer(503, '<p>Too many requests from your address</p>'), true],
    ['a time to wait', answer(503, '<p>Hm.</p>', { 'retry-after': '30' }), true],
    ['not a page of WordPress', answer(503, '<link href="/wp-includes/x.css">', { 'retry-after': '3600' }), false],
    [
      'not one that WordPress keeps out of caches',
      answer(503, '<h1>Soon</h1>', { expires: 'Wed, 11 Jan 1984 05:00:00 GMT' }),
      false,
    ],
    ['not a page without a sign of it', answer(503, '<h1>We are working on it</h1>'), false],
    ['not a challenge', answer(503, '<title>Just a moment...</title>', { 'retry-after': '5' }), false],
    ['not a page that exists', answer(200, 'too many requests'), false],
  ])('%s', (_, given, expected) => {
    expect(limitsRequests(given)).toBe(expected);
  });
});

describe('a challenge', () => {
  const script = '<script>document.cookie = "a=1"; location.reload();</script>';
  it.each([
    ['a script that sets a cookie and comes again', answer(503, script), true],
    ['also with 200', answer(200, script), true],
    ['a header', answer(403, '', { 'cf-mitigated': 'challenge' }), true],
    ['not the same script in a page of WordPress', answer(200, `${script}<link href="/wp-content/x.css">`), false],
    ['not a plain refusal', answer(403, '<h1>Forbidden</h1>'), false],
  ])('%s', (_, given, expected) => {
    expect(isChallenge(given)).toBe(expected);
  });
});

it('WordPress is known by its headers too', () => {
  expect(isFromWordPress(answer(404, '', { link: '<https://x.example/wp-json/>; rel="https://api.w.org/"' }))).toBe(
    true,
  );
  expect(isFromWordPress(answer(404, '<h1>Not found</h1>'))).toBe(false);
});

describe('JSON in a text', () => {
  const schema = z.object({ a: z.number() });
  it.each([
    ['{"a":1}', 1],
    ['\uFEFF<b>Notice</b>: {closure} in [x] {"b":2} \n{"a":3}<!-- {"a":4} -->', 3],
    ['{"b":{"a":5}}', 5],
    ['{"a":"}"} {"a":6}', 6],
    ['nothing', undefined],
    ['{'.repeat(10_000), undefined],
  ])('%j holds %j', (text, a) => {
    expect(jsonIn(text, schema)?.a).toBe(a);
  });
});
