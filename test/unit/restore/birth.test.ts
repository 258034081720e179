import { expect, it } from 'vitest';
import { isBornOnce } from '../../../src/restore/merge/birth.ts';
import { tableOf } from '../../../src/restore/merge/parts.ts';

const columns = ['ID', 'post_type', 'post_name', 'post_title', 'post_date'];
const posts = tableOf({
  name: 'wp_posts',
  prefix: 'wp_',
  columns,
  key: ['ID'],
  counter: 'ID',
  common: null,
  twoSided: true,
  rows: [],
});

it('of two sites that never were one, items of menus are not one for their number, which is all the name that they have', () => {
  const item = (date: string): string[] => ['12', 'nav_menu_item', '12', '', `${date} 10:00:00`];
  expect(isBornOnce(posts, item('2024-01-01'), item('2025-05-05'))).toBe(false);
  const page = (date: string): string[] => ['12', 'page', 'about', 'About', `${date} 10:00:00`];
  expect(isBornOnce(posts, page('2024-01-01'), page('2025-05-05'))).toBe(true);
});
