import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROTECTED_CLASSES, SITE_PROTECTS, siteProtects } from '../../../src/restore/merge/site-protects.ts';
import { protectedMeta, protectedOption, protectedPost, protectedTable } from '../../../src/restore/merge/never.ts';

const INCLUDES = join(import.meta.dirname, '../../../templates/migrator/includes');
const source = (file: string): string => readFileSync(join(INCLUDES, file), 'utf8');
const PROTECTED = source('write/protected.php');

/** The words of a PHP array of words. */
const words = (php: string): string[] => [...php.matchAll(/'([^']*)'/g)].map(([, word]) => word ?? '');

function constant(name: string): string {
  const found = new RegExp(`^const ${name} += array\\((.*?)\\);$`, 'ms').exec(PROTECTED)?.[1];
  if (found === undefined) throw new Error(`no constant ${name}`);
  return found;
}

/** Names as LIKE patterns, as this program spells them. */
function asNames(php: string): string[] {
  return words(php).map((pattern) => {
    expect(pattern, 'an underscore that stands for any character').not.toMatch(/(?<!\\)_/);
    return pattern.replaceAll('\\_', '_').replaceAll('%', '*');
  });
}

const byClass = (name: string): Record<string, string[]> =>
  Object.fromEntries(
    [...constant(name).matchAll(/'(\w+)' +=> array\(([^)]*)\)/g)].map(([, each = '', php = '']) => [
      each,
      asNames(php),
    ]),
  );

describe('what a site refuses by itself', () => {
  it('is what never travels here, in the same classes', () => {
    expect(words(constant('PROTECTED_CLASSES'))).toEqual([...PROTECTED_CLASSES]);
    const tables = /^const OWN_TABLES += '(.*)';$/m.exec(source('keys.php'))?.[1];
    expect({ ...byClass('PROTECTED_TABLES'), own: [`${tables}*`] }).toEqual(SITE_PROTECTS.tables);
    expect({ ...byClass('PROTECTED_OPTIONS'), own: asNames(constant('OWN_OPTIONS')) }).toEqual(SITE_PROTECTS.options);
    expect(byClass('PROTECTED_USER_META')).toEqual(SITE_PROTECTS.userMeta);
    expect(byClass('PROTECTED_POST_TYPES')).toEqual(SITE_PROTECTS.postTypes);
  });

  it('is asked of before any rule of our own, in upper and lower case and with the prefix of the site', () => {
    const lists = [
      ['tables', (name: string) => protectedTable(name)],
      ['options', (name: string) => protectedOption(name, 'odd_')],
      ['userMeta', (name: string) => protectedMeta('usermeta', name)],
      ['postTypes', (name: string) => protectedPost(name, 'auto-draft')],
    ] as const;
    for (const [list, ask] of lists)
      for (const pattern of Object.values(SITE_PROTECTS[list]).flat()) {
        const name = pattern.replace('{prefix}', 'odd_').replace('*', 'x_1');
        const said = siteProtects(list, name, 'odd_');
        expect([name, typeof said]).toEqual([name, 'string']);
        expect([name, ask(name)]).toEqual([name, said]);
        expect([name, ask(name.toUpperCase().replace('ODD_', 'odd_'))]).toEqual([name, said]);
      }
    expect(protectedOption('other_user_roles', 'odd_')).toBeUndefined();
    expect(protectedOption('homepage', 'odd_')).toBeUndefined();
  });
});
