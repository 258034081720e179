import { expect, it } from 'vitest';
import { directoryOf } from '../../../src/restore/merge/directory.ts';
import { titleOf } from '../../../src/restore/plan/describe.ts';
import { page, threeWays } from '../../support/three-ways.ts';

it('a thing is called as people read its name, not as it stands in a page', () => {
  const site = {
    posts: [page({ post_title: 'Terms &amp; conditions<span> &#8211; </span>2026' })],
    terms: [{ term_id: '5', name: 'Tips &amp; Tricks', slug: 'tips' }],
  };
  const directory = directoryOf(threeWays({}, {}, site));
  expect(titleOf({ kind: 'page', id: '2' }, directory)).toBe('Page "Terms & conditions – 2026"');
  expect(titleOf({ kind: 'term', id: '5' }, directory)).toBe('Term "Tips & Tricks"');
});
