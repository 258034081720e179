import { expect, it } from 'vitest';
import { briefly, option, outcomes, written, type Site } from '../../support/three-ways.ts';

it('what is no row never travels (active plugins), or only when it is asked for (themes, versions that code gave its tables)', () => {
  const says = (value: string): Site => ({
    options: ['active_plugins', 'stylesheet', 'template', 'db_version', 'woocommerce_db_version'].map((name, at) =>
      option(name, value, String(at)),
    ),
  });
  const kept = (protection: string) => ({ code: 'PROTECTED', class: protection });
  const items = outcomes(says('a'), says('a'), says('b'));
  expect(briefly(items)).toEqual({
    'option:active_plugins': kept('own'),
    'option:stylesheet': kept('plugins'),
    'option:template': kept('plugins'),
    'option:db_version': kept('machine'),
    'option:woocommerce_db_version': kept('machine'),
  });
  const asked = outcomes(says('a'), says('a'), says('b'), { include: new Set(['plugins', 'machine']) });
  expect(briefly(asked)).toMatchObject({ 'option:active_plugins': kept('own'), 'option:stylesheet': 'changed' });
  expect(written(asked, 'options').map(({ option_name: name }) => name)).not.toContain('active_plugins');
});
