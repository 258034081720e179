import { expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/colors.ts';
import { planText } from '../../src/cli/presenters/plan.ts';
import type { RestorePlan } from '../../src/operations/types.ts';

const HASH = '0'.repeat(64);
const item = (id: string, more: Partial<RestorePlan['items'][number]>): RestorePlan['items'][number] => ({
  id, group: 'content', title: id, change: 'changed', what: [], both: false, rows: 1, live: HASH, clone: HASH, ...more,
}); // prettier-ignore
const file = {
  place: 'wp-content/plugins/forms/forms.php',
  change: 'changed' as const,
  size: 10,
  base: HASH,
  live: HASH,
  clone: HASH,
};

const plan = (changes: Partial<RestorePlan>): RestorePlan => ({
  kind: 'wpclone-restore-plan',
  version: 1,
  wpclone: '0.2.0',
  clone: { id: 'mysite-k3f', url: 'http://127.0.0.1:8101', made_at: '2026-01-01T09:00:00.000Z' },
  live: { url: 'https://mysite.example' },
  planned_at: '2026-01-01T12:00:00.000Z',
  baseline: HASH,
  policy: { only: [], skip: [], take: null, delete: false, strict: false, include: [], decisions: {} },
  token: HASH,
  items: [],
  code: [],
  uploads: [],
  tables: [],
  plugins: { activate: [], deactivate: [] },
  meanwhile: [],
  conflicts: 0,
  changes: 0,
  notes: [],
  ...changes,
});

const colors = colorsFor(process.stdout, ['--no-color']);
const text = (changes: Partial<RestorePlan>): string =>
  planText(plan(changes), colors, Date.parse('2026-01-01T12:00:00Z'));

it('shows what goes back by kind, what stays and what has to be decided', () => {
  const shown = text({
    meanwhile: [
      { kind: 'order', new: 14, changed: 0, deleted: 0 },
      { kind: 'comment', new: 2, changed: 0, deleted: 0 },
      { kind: 'page', new: 0, changed: 1, deleted: 0 },
    ],
    items: [
      item('page:2', { title: 'Page "About us"', what: ['text', 'featured image'] }),
      item('post:9', { title: 'Post "Spring"', change: 'new' }),
      item('option:blogname', { group: 'settings', title: 'blogname' }),
      item('option:widget_text', { group: 'settings', title: 'widget_text' }),
      item('user:7', {
        group: 'users',
        title: 'User "test"',
        kept: { code: 'PROTECTED', class: 'users', message: '' },
      }),
      item('page:5', { title: 'Page "Gone"', change: 'deleted', kept: { code: 'DELETION', message: '' } }),
      item('page:4', {
        title: 'Page "Contact"',
        conflict: { code: 'BOTH_CHANGED', message: 'text changed here and on the live site', take: null },
      }),
    ],
    code: [
      {
        id: 'plugin:forms',
        title: 'plugin forms',
        change: 'changed',
        versions: { base: '2.1', live: '2.1', clone: '2.4' },
        files: [file, file],
      },
    ],
    uploads: [{ id: 'upload:a.jpg', ...file, place: 'wp-content/uploads/a.jpg' }],
    plugins: { activate: ['extra/extra.php'], deactivate: [] },
    conflicts: 1,
  });
  expect(shown.split('\n')).toEqual([
    'mysite-k3f → https://mysite.example   cloned 3 h ago   the live site since: 14 orders new, 2 comments new, 1 page changed',
    '  content   Page "About us": text, featured image changed',
    '            Post "Spring" new',
    '  settings  blogname, widgets (1 settings)',
    '  media     1 file of uploads, 10 B: a.jpg',
    '  code      plugin forms 2.1 → 2.4: 2 files',
    '            activate extra',
    '  kept      User "test": never travels unless named: --include users',
    '            Page "Gone": deleted here; --delete deletes them there',
    '  conflict  Page "Contact" [page:4]: text changed here and on the live site',
    '',
    'Decide with --take clone|live, or leave things out with --skip. Nothing was written.',
  ]);
});

it('says what is replaced where the clone’s side was taken, and what cannot be decided so', () => {
  const over = 'title changed here and on the live site';
  const taken = { title: 'Page "About"', what: ['title'], over };
  const stuck = {
    title: 'Term "News"',
    conflict: { code: 'NAME_TAKEN', message: 'the name is taken', take: null },
  } as const;
  const policy = { ...plan({}).policy, take: 'clone' as const };
  const shown = text({ policy, conflicts: 1, items: [item('page:2', taken), item('term:7', stuck)] });
  expect(shown).toContain(`Page "About": title changed (the clone’s is taken: ${over})`);
  expect(shown).toContain('leave it out with --skip');
  expect(shown).not.toContain('Decide with');
});

it('says that there is nothing, and writes nothing of a site that could change the terminal', () => {
  expect(text({})).toContain('Nothing to bring back.');
  const shown = text({ items: [item('page:2', { title: 'Page "\u001b[2J\nbad"' })] });
  // oxlint-disable-next-line no-control-regex
  expect(shown).not.toMatch(/\u001b|\nbad/);
});
