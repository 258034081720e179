import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWayBack } from '../../../src/restore/plan/way-back.ts';
import { createRewriter } from '../../../src/transfer/rewrite/rewriter.ts';
import type { UrlMapping } from '../../../src/transfer/rewrite/types.ts';

const CLONE = 'http://127.0.0.1:8104';
const MAPPING: UrlMapping = {
  from: ['https://site.example', 'https://www.site.example'],
  to: [CLONE, CLONE],
  paths: [{ from: '/var/www/site', to: '/home/me/clones/a1/www' }],
};
const back = createWayBack(MAPPING, ['/home/me/clones/a1']);
const toClone = (text: string): string => createRewriter(MAPPING).value(Buffer.from(text, 'latin1')).toString('latin1');
const serialized = (text: string): string => `a:1:{s:1:"u";s:${text.length}:"${text}";}`;

describe('a value of the clone on the live site', () => {
  it('keeps each address that was there as it was written there: a corrected word changes nothing else', () => {
    const live = '<a href="http://www.site.example/a">a</a> //site.example/b https:\\/\\/www.site.example\\/c tpyo';
    const edited = toClone(live).replace('tpyo', 'typo');
    expect(back(edited, live)).toBe(live.replace('tpyo', 'typo'));
  });

  it('gives addresses that are new the site’s own, with the lengths of serialized strings put right', () => {
    expect(back(`${CLONE}/new`, null)).toBe('https://site.example/new');
    expect(back(serialized(`${CLONE}/new`), null)).toBe(serialized('https://site.example/new'));
    expect(back(serialized('/home/me/clones/a1/www/x.php'), null)).toBe(serialized('/var/www/site/x.php'));
    expect(back('http:\\/\\/127.0.0.1:8104\\/new', null)).toBe('https:\\/\\/site.example\\/new');
    expect(back('http%3A%2F%2F127.0.0.1%3A8104%2Fnew', null)).toBe('https%3A%2F%2Fsite.example%2Fnew');
  });

  it('keeps the live site’s address that somebody typed in the clone', () => {
    expect(back('see http://www.site.example/x', null)).toBe('see http://www.site.example/x');
  });

  it('is none where something of the clone would be left in it', () => {
    expect(back('/home/me/clones/a1/run/settings', null)).toBeUndefined();
    expect(back('host 127.0.0.1:8104 and no address', null)).toBeUndefined();
    expect(back('ssh://127.0.0.1%3A8104/x', null)).toBeUndefined();
  });

  it('is none where the clone’s name is left in it, with whatever port or without one', () => {
    const named = createWayBack(
      { ...MAPPING, to: ['https://one.clones.example:8443', 'https://one.clones.example:8443'] },
      [],
    );
    for (const text of ['mail@one.clones.example', 'ftp%3A%2F%2FONE.clones.example', 'one.clones.example:99'])
      expect(named(text, null)).toBeUndefined();
    for (const text of ['one.clones.example-shop.test', 'clones.example', '127.0.0.1'])
      expect(named(text, null)).toBe(text);
    expect(back('127.0.0.1 is where a comment came from', null)).toBe('127.0.0.1 is where a comment came from');
  });

  it('is what the live site has where nothing was changed, whatever stands there', () => {
    const address = fc
      .tuple(
        fc.constantFrom('http://', 'https://', '//', 'https:\\/\\/', 'https%3A%2F%2F'),
        fc.constantFrom('site.example', 'www.site.example', 'other.example', 'WWW.Site.Example'),
        fc.constantFrom('', '/a', '/a/b.jpg?x=1', '/wp-content'),
      )
      .map((parts) => parts.join(''));
    const words = fc.array(fc.oneof(address, fc.constantFrom('word', '/var/www/site/x', '"', ';s:3:"abc";')), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(words, fc.boolean(), (parts, wrapped) => {
        const text = parts.join(' ');
        const live = wrapped ? serialized(text) : text;
        expect(back(toClone(live), live)).toBe(live);
      }),
    );
  });
});
