import { expect, it } from 'vitest';
import { compareVersions, versionIn } from '../../../src/restore/code/versions.ts';
import { packageOf } from '../../../src/restore/code/packages.ts';
import { compileChoice, watchChoice } from '../../../src/restore/plan/choose.ts';
import { unmatchedNotes } from '../../../src/restore/plan/notes.ts';
import { entriesOf, stringIn } from '../../../src/restore/merge/php.ts';

it('chooses things by kind and name, by group, or all of a kind', () => {
  const page = { kind: 'page', group: 'content', names: ['12', 'about-us'] };
  const option = { kind: 'option', group: 'settings', names: ['widget_text'] };
  const chosen = (only: string[], skip: string[] = []) => [page, option].map(compileChoice(only, skip));
  expect(chosen([])).toEqual(['yes', 'yes']);
  expect(chosen(['page:about-us'])).toEqual(['named', 'no']);
  expect(chosen(['page:12', 'option:widget_*'])).toEqual(['named', 'yes']);
  expect(chosen(['content'])).toEqual(['yes', 'no']);
  expect(chosen([], ['settings'])).toEqual(['yes', 'no']);
  expect(chosen(['page:12'], ['page:12'])).toEqual(['no', 'no']);
  expect(() => chosen(['a b'])).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});

it('knows what a file belongs to, and what is never written', () => {
  const content = 'wp-content';
  const places = {
    core: '',
    content,
    plugins: `${content}/plugins`,
    muPlugins: `${content}/mu-plugins`,
    uploads: `${content}/uploads`,
  };
  const of = (place: string): string => {
    const { kind, name } = packageOf(place, places);
    return `${kind}:${name}`;
  };
  expect(of('wp-content/plugins/forms/a/b.php')).toBe('plugin:forms');
  expect(of('wp-content/plugins/hello.php')).toBe('plugin:hello');
  expect(of('wp-content/themes/child/style.css')).toBe('theme:child');
  expect(of('wp-content/mu-plugins/own.php')).toBe('mu-plugin:own');
  const hash = '0123456789abcdef0123456789abcdef';
  for (const name of ['de_DE.mo', 'admin-de_DE.l10n.php', `de_DE-${hash}.json`])
    expect(of(`wp-content/languages/${name}`)).toBe('languages:de_DE');
  for (const name of ['forms-de_DE.po', `forms-de_DE-${hash}.json`])
    expect(of(`wp-content/languages/plugins/${name}`)).toBe('languages:plugins/forms-de_DE');
  expect(of('wp-content/languages/plugins/forms-fr_FR.po')).not.toBe(of('wp-content/languages/plugins/forms-de_DE.po'));
  expect(of('wp-content/uploads/2026/a.jpg')).toBe('upload:2026/a.jpg');
  expect(of('wp-includes/post.php')).toBe('core:core');
  expect(of('wp-login.php')).toBe('core:core');
  expect(of('wp-content/object-cache.php')).toBe('fixed:wp-content/object-cache.php');
  expect(of('wp-config.php')).toBe('fixed:wp-config.php');
  expect(of('sub/.htaccess')).toBe('fixed:sub/.htaccess');
  expect(of('robots.txt')).toBe('files:robots.txt');
});

it('reads and compares versions', () => {
  expect(versionIn('plugin', '<?php\n/*\n * Plugin Name: X\n * Version: 1.10.2\n */')).toBe('1.10.2');
  expect(versionIn('core', "$wp_version = '6.1.9';")).toBe('6.1.9');
  expect(versionIn('theme', 'no version')).toBeNull();
  expect(compareVersions('1.10', '1.9')).toBeGreaterThan(0);
  expect(compareVersions('2.0', '2.0.0')).toBe(0);
  expect(compareVersions('1.0-beta', '1.0-alpha')).toBeGreaterThan(0);
});

it('takes serialized arrays apart, and nothing that is none', () => {
  const text = 'a:2:{i:0;s:3:"a;b";s:1:"k";a:1:{i:0;O:1:"X":1:{s:1:"p";b:1;}}}';
  expect(entriesOf(text)?.map(({ key }) => key)).toEqual(['i:0;', 's:1:"k";']);
  expect(stringIn('s:3:"a;b";')).toBe('a;b');
  for (const broken of [
    'a:1:{i:0;s:9:"a";}',
    'a:2:{i:0;N;}',
    'x',
    'a:1:{i:0;N;}}',
    'a:1:{d:1;N;}',
    'a:1:{i:0;'.repeat(5000),
  ])
    expect(entriesOf(broken)).toBeUndefined();
});

it('tells of what is asked for by a name that nothing has, also when something else is left out by it', () => {
  const choice = watchChoice({ only: ['page:about-us', 'page:abuot-us', 'code'], skip: ['option:blognmae', 'media'] });
  choice.choose({ kind: 'page', group: 'content', names: ['12', 'about-us'] });
  const things = [
    { id: 'plugin:forms', group: 'code' },
    { id: 'upload:2026/01/a.jpg', group: 'media' },
  ];
  expect(unmatchedNotes(choice, things)).toEqual([
    'Nothing that was changed in the clone fits --only page:abuot-us.',
    'Nothing that was changed in the clone fits --skip option:blognmae.',
  ]);
});
