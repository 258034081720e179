import { expect, it } from 'vitest';
import { absentNotes, absentPlugins, pluginsOf } from '../../../src/restore/plan/plugins.ts';
import type { PlanPackage } from '../../../src/restore/plan/schema.ts';
import { option, threeWays } from '../../support/three-ways.ts';

it('a plugin that was switched on in the clone and that the live site has removed since stays off there, and is told of', async () => {
  const comes: PlanPackage = {
    id: 'plugin:fresh',
    title: 'plugin fresh',
    change: 'new',
    versions: { base: null, live: null, clone: '1.0' },
    files: [],
  };
  const asked: string[] = [];
  const there = (place: string): Promise<string | undefined> => {
    asked.push(place);
    return Promise.resolve(place.includes('/kept/') ? 'digest' : undefined);
  };
  const activate = ['fresh/fresh.php', 'kept/kept.php', 'gone/gone.php', 'hello.php'];
  const absent = await absentPlugins(activate, [comes], { there }, 'wp-content/plugins');
  expect(absent).toEqual(['gone/gone.php', 'hello.php']);
  expect(asked[0]).toBe('wp-content/plugins/kept/kept.php');
  expect(absentNotes(absent)[0]).toMatch(/^gone\/gone\.php was switched on in the clone; the live site has removed/);
});

it('a plugin that an earlier restore switched is switched back when the clone switches it back, and not where somebody else did', () => {
  const active = (...files: string[]) => ({
    options: [
      option(
        'active_plugins',
        `a:${files.length}:{${files.map((file, at) => `i:${at};s:${file.length}:"${file}";`).join('')}}`,
      ),
    ],
  });
  const [none, one] = [active('old.php'), active('old.php', 'new.php')];
  const switched = (live: typeof none, clone: typeof none, brought: Record<string, boolean[]>) =>
    pluginsOf(threeWays(none, live, clone), brought);
  const on = { 'new.php': [true] };
  expect(switched(one, none, on)).toEqual({ activate: [], deactivate: ['new.php'] });
  expect(switched(one, none, {})).toEqual({ activate: [], deactivate: [] });
  expect(switched(none, one, on)).toEqual({ activate: ['new.php'], deactivate: [] });
  expect(switched(active(), none, { 'old.php': [false] })).toEqual({ activate: ['old.php'], deactivate: [] });
  expect(switched(active(), active(), { 'old.php': [false] })).toEqual({ activate: [], deactivate: [] });
});
