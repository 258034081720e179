import { describe, expect, it } from 'vitest';
import { broughtBy, sinceBrought, type BroughtPart } from '../../../src/restore/merge/brought.ts';
import { merge } from '../../../src/restore/merge/merge.ts';
import {
  briefly,
  meta,
  option,
  outcomes,
  page,
  policy,
  threeWays,
  written,
  type Site,
} from '../../support/three-ways.ts';

const color = (value: string, id = '9') => meta(id, '2', 'color', value);

const none = (): boolean => false;
const brought = (base: Site, live: Site, clone: Site, more = {}): BroughtPart[] =>
  broughtBy(outcomes(base, live, clone, more), none);
const again = (base: Site, live: Site, clone: Site, notes: readonly BroughtPart[], more = {}) =>
  merge(sinceBrought(threeWays(base, live, clone), notes), policy(more));

describe('after a restore', () => {
  const says = (post_content: string, post_title = 'About'): Site => ({ posts: [page({ post_content, post_title })] });

  it('what is edited in the clone once more goes, with what the live site had changed besides before the first', () => {
    const notes = brought(says('a'), says('a', 'Live'), says('b'));
    const { items, meanwhile } = again(says('a'), says('b', 'Live'), says('c'), notes);
    expect(briefly(items)).toEqual({ 'page:2': 'changed' });
    expect(written(items, 'posts')).toEqual(says('c', 'Live')['posts']);
    // What was brought is no change of the live site's own.
    expect(again(says('a'), says('b'), says('b'), brought(says('a'), says('a'), says('b')))).toEqual({
      items: [],
      meanwhile: [],
    });
    expect(meanwhile).toHaveLength(1);
    expect(briefly(outcomes(says('a'), says('b', 'Live'), says('c')))).toMatchObject({
      'page:2': { code: 'BOTH_CHANGED' },
    });
  });

  it('what is taken back in the clone is taken back at the live site', () => {
    const notes = brought(says('a'), says('a'), says('b'));
    expect(written(again(says('a'), says('b'), says('a'), notes).items, 'posts')).toEqual(says('a')['posts']);
  });

  it('what the live site wrote since is a conflict, and what was undone counts as never brought', () => {
    const notes = brought(says('a'), says('a'), says('b'));
    const both = { 'page:2': { code: 'BOTH_CHANGED', fields: ['post_content'] } };
    expect(briefly(again(says('a'), says('x'), says('c'), notes).items)).toEqual(both);
    expect(again(says('a'), says('a'), says('a'), notes)).toEqual({ items: [], meanwhile: [] });
    expect(written(again(says('a'), says('a'), says('b'), notes).items, 'posts')).toEqual(says('b')['posts']);
  });

  it('and a second one that was undone what the first one brought is still known', () => {
    const first = brought(says('a'), says('a'), says('b'));
    const second = broughtBy(again(says('a'), says('b'), says('c'), first).items, none);
    const { items } = again(says('a'), says('b'), says('d'), [...first, ...second]);
    expect(written(items, 'posts')).toEqual(says('d')['posts']);
  });

  it('what was new is one thing, whatever of it is edited then; so are its values', () => {
    const fresh = (name: string, value: string): Site => ({
      posts: [page({ post_title: name, post_name: name, post_content: name })],
      postmeta: [color(value)],
    });
    const notes = brought({}, {}, fresh('new', 'red'));
    const live = { ...fresh('new', 'red'), postmeta: [color('red', '4711')] };
    const { items } = again({}, live, fresh('newer', 'blue'), notes);
    expect(briefly(items)).toEqual({ 'page:2': 'changed' });
    expect(written(items, 'posts')).toEqual(fresh('newer', 'blue')['posts']);
    expect(written(items, 'postmeta')).toEqual([color('blue')]);
  });

  it('a list to which both had added is merged entry by entry once more', () => {
    const list = (...entries: string[]): Site => ({
      options: [
        option('theme_mods_x', `a:${entries.length / 2}:{${entries.map((each) => `s:1:"${each}";`).join('')}}`),
      ],
    });
    const notes = brought(list('a', '1'), list('a', '1', 'l', '1'), list('a', '1', 'c', '1'));
    const live = list('a', '1', 'l', '1', 'c', '1');
    const { items } = again(list('a', '1'), live, list('a', '2', 'c', '1'), notes);
    expect(written(items, 'options')).toEqual(list('a', '2', 'l', '1', 'c', '1')['options']);
  });

  it('what was deleted there stays deleted, and may be made anew', () => {
    const gone: Site = { posts: [] };
    const notes = brought(says('a'), says('a'), gone, { delete: true });
    expect(again(says('a'), gone, gone, notes).items).toEqual([]);
    expect(briefly(again(says('a'), gone, says('n'), notes).items)).toEqual({ 'page:2': 'new' });
  });

  it('a row without a key is there as often as both sides made it, and not once more with each restore', () => {
    const plain = (count: number): Site => ({ plain: Array.from({ length: count }, () => ({ a: 'x', b: 'y' })) });
    // The live site had made one of its own.
    const more = brought(plain(0), plain(1), plain(2));
    expect(again(plain(0), plain(3), plain(2), more).items).toEqual([]);
    expect(written(again(plain(0), plain(3), plain(4), more).items, 'plain')).toHaveLength(5);
  });

  it('what got another number there is not taken for what the clone gives that number to', () => {
    const [items, two] = [
      outcomes({}, {}, says('n')),
      (short: string | undefined, number: string) => number === '2' && short !== 'terms',
    ];
    expect(broughtBy(items, two)).toEqual([]);
    expect(broughtBy(items, (short, number) => !two(short, number))).toHaveLength(1);
  });
});
