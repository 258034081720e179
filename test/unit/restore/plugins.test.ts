import { expect, it } from 'vitest';
import { absentNotes, absentPlugins } from '../../../src/restore/plan/plugins.ts';
import type { PlanPackage } from '../../../src/restore/plan/schema.ts';

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
