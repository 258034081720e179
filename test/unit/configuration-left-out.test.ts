import { describe, expect, test } from 'vitest';
import { carriedVariables } from '../../src/instance/constants.ts';
import { leftOutOfConfiguration } from '../../src/instance/configuration-files.ts';
import { siteInfo } from '../support/site-info.ts';

const roots = [{ id: 'core', path: '/srv/releases/7', place: '' }];
const paths = { ...siteInfo().paths, abspath: '/srv/current', content: '/srv/releases/7/wp-content' };
const told = (changes: Partial<ReturnType<typeof siteInfo>['configuration']>, constants = {}) => {
  const info = siteInfo({ roots, paths, constants });
  return leftOutOfConfiguration({ ...info, configuration: { ...info.configuration, ...changes } });
};

describe('what a clone does without is told of', () => {
  test('where a constant leads to a folder outside of what was copied', () => {
    const constants = {
      ACME_DATA: '/srv/acme-data/',
      ACME_OWN: '/srv/releases/7/private',
      ACME_LINKED: '/srv/current/private',
      ACME_ABOVE: '/srv',
      ACME_LOG: '/tmp/acme.log',
      WP_TEMP_DIR: '/srv/temp',
    };
    expect(told({ paths: Object.keys(constants) }, constants)).toEqual([
      { code: 'OUTSIDE_LEFT_OUT', message: expect.stringContaining(': ACME_DATA (/srv/acme-data). ') },
    ]);
  });

  test('where wp-config.php itself makes functions, classes and variables that hold more than plain values', () => {
    expect(told({ code: ['acme_env()', 'Acme\\Conf'], keptBack: ['acme_keys'] })).toEqual([
      {
        code: 'CONFIG_CODE_LEFT_OUT',
        message: expect.stringContaining('itself makes acme_env(), Acme\\\\Conf, $acme_keys. '),
      },
    ]);
    expect(told({ variables: { acme: 1, table_prefix: 'x', wp_acme: 2 } })).toEqual([
      { code: 'CONFIG_CODE_LEFT_OUT', message: expect.stringContaining('itself makes $wp_acme. ') },
    ]);
    expect(told({})).toEqual([]);
  });
});

test('plain variables of wp-config.php are carried with the clone’s addresses, but for WordPress’s own and what is no name', () => {
  const info = siteInfo({ roots });
  const variables = { acme: { a: 'https://old.example/x', n: [1, null] }, table_prefix: 'x', wpdb: 1, 'a b': 1 };
  const configuration = { ...info.configuration, variables };
  expect(carriedVariables({ ...info, configuration }, 'http://localhost:8101', '/clone/www')).toEqual({
    acme: { a: 'http://localhost:8101/x', n: [1, null] },
  });
});
