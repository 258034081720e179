import { expect, it } from 'vitest';
import { directoryOf } from '../../../src/restore/merge/directory.ts';
import { merge } from '../../../src/restore/merge/merge.ts';
import { leftBehindNotes } from '../../../src/restore/plan/left-behind.ts';
import type { PlanUpload } from '../../../src/restore/plan/schema.ts';
import { meta, page } from '../../support/renumbering.ts';
import { upload } from '../../support/planned-upload.ts';
import { policy, threeWays } from '../../support/three-ways.ts';

const picture = (id: string, title: string) => page(id, title, { post_type: 'attachment', post_status: 'inherit' });
const STAYS: Partial<PlanUpload> = { kept: { code: 'NOT_CHOSEN', message: 'not asked for' } };
const left = (path: string): PlanUpload => upload(path, STAYS);

/** What is told where one page alone is asked for. */
function notesOf(text: string, uploads: readonly PlanUpload[], only = ['page:2']): string[] {
  const tables = threeWays(
    { posts: [page('2', 'About')] },
    { posts: [page('2', 'About')] },
    {
      posts: [page('2', 'About', { post_content: text }), picture('5812', 'Leaf'), picture('5813', 'Tree')],
      postmeta: [meta('1', '5812', '_wp_attached_file', '2031/05/leaf.jpg')],
    },
  );
  const chooses = ({ kind, id }: { kind: string; id: string }) => (only.includes(`${kind}:${id}`) ? 'yes' : 'no');
  const { items } = merge(tables, policy({ chooses }));
  return leftBehindNotes({
    items,
    uploads,
    ownerOf: ({ id }) => (id.includes('leaf') ? 'attachment:5812' : undefined),
    directory: directoryOf(tables),
    hosts: ['clone.test'],
    titleOf: (key) => key,
  });
}

it('tells of pictures that a page shows and that do not go with it, by their number, their address or both', () => {
  const said = (...what: string[]): string[] => [
    `page:2 goes, but what it uses does not, and would be missing there: ${what.join(', ')}.`,
  ];
  const leaf = [left('2031/05/leaf-300x200.jpg'), left('2031/05/leaf.jpg')];
  const source = 'http:\\/\\/clone.test\\/wp-content\\/uploads\\/2031\\/05\\/leaf-300x200.jpg';
  expect(notesOf('[gallery ids="5812,5813"]', [])).toEqual(
    said('attachment:5812 (attachment:5812)', 'attachment:5813 (attachment:5813)'),
  );
  expect(
    notesOf(`<img class="wp-image-5812" src="http://clone.test/wp-content/uploads/2031/05/leaf.jpg">`, leaf),
  ).toEqual(said('attachment:5812 (attachment:5812)'));
  expect(notesOf(`{"url":"${source}"}`, leaf)).toEqual(said('attachment:5812 (attachment:5812)'));
  expect(notesOf('<img src="/wp-content/uploads/free.png">', [left('free.png')])).toEqual(said('upload:free.png'));
});

it('tells of nothing that goes too, that the live site has, or that nobody uses', () => {
  const text = '<img src="/wp-content/uploads/2031/05/leaf.jpg">';
  expect(notesOf(text, [upload('2031/05/leaf.jpg')])).toEqual([]);
  expect(notesOf(text, [upload('2031/05/leaf.jpg', { ...STAYS, live: 'b'.repeat(64) })])).toEqual([]);
  expect(notesOf('no picture', [left('2031/05/leaf.jpg')])).toEqual([]);
  expect(notesOf('[gallery ids="5812"]', [], ['page:2', 'attachment:5812'])).toEqual([]);
});
