import { expect, it } from 'vitest';
import { compareDefinitions, type TableDifference } from '../../../src/restore/schema/compare.ts';
import { filledWith } from '../../../src/restore/schema/filled.ts';
import { definitionOf } from '../../../src/restore/schema/parts.ts';

const table = (...items: string[]): string =>
  `CREATE TABLE \`wp_f\` (\n  ${['`id` int(11) NOT NULL', ...items].join(',\n  ')}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`;
const parsed = (...items: string[]) => definitionOf('wp_f', table(...items));
const column = (sql: string) => parsed(sql).columns[1]!;
const BASE = ["`a` varchar(20) NOT NULL DEFAULT 'x'", 'PRIMARY KEY (`id`)', 'KEY `a` (`a`(10))'];
const against = (clone: readonly string[], live?: readonly string[]): TableDifference =>
  compareDefinitions(parsed(...BASE), live && parsed(...live), parsed(...clone));

it('takes a column apart into what can be made of it elsewhere, and nothing else', () => {
  expect(
    column("`s` varchar(9) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'it''s \\\\n' COMMENT 'no'"),
  ).toEqual({
    name: 's',
    type: 'varchar(9)',
    collation: 'latin1_bin',
    nullable: false,
    fallback: { kind: 'value', value: "it's \\n" },
    stamped: false,
    counts: false,
    other: '',
  });
  const stamp = column('`t` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()');
  expect(stamp).toMatchObject({ type: 'timestamp', fallback: { kind: 'now' }, stamped: true, other: '' });
  expect(column('`j` longtext DEFAULT NULL CHECK (json_valid(`j`))')).toMatchObject({ type: 'json', other: '' });
  expect(column('`n` int(11) NOT NULL DEFAULT -1').fallback).toEqual({ kind: 'value', value: '-1' });
  expect(column('`g` int(11) GENERATED ALWAYS AS (`id` + 1) VIRTUAL').other).not.toBe('');
  expect(column('`e` int(11) NOT NULL DEFAULT (sleep(1))').other).not.toBe('');
});

it('tells what is only added from what only its code can bring over, and from what both sides did', () => {
  const more = ['`b` text DEFAULT NULL', 'UNIQUE KEY `b` (`b`(5))'];
  expect(against([...BASE, ...more])).toMatchObject({
    what: ['1 column new', '1 key new'],
    beyond: false,
    trouble: undefined,
  });
  const both = against([...BASE, ...more], [...BASE, ...more, '`theirs` int(11) DEFAULT NULL']);
  expect(both).toMatchObject({ columns: [], keys: [], beyond: false, trouble: undefined });
  expect(both.added.map(({ name }) => name)).toEqual(['b']);
  expect(against([...BASE, ...more], [...BASE, '`b` int(11) DEFAULT NULL']).trouble).toContain('another column b');
  expect(against([...BASE, ...more], BASE.slice(0, 2)).trouble).toContain('altered it too');
  expect(against(BASE.slice(0, 2))).toMatchObject({ what: ['key a dropped, stays'], beyond: false, drops: true });
  for (const clone of [
    ["`a` varchar(10) NOT NULL DEFAULT 'x'", ...BASE.slice(1)],
    [BASE[0]!, 'PRIMARY KEY (`id`,`a`)', BASE[2]!],
    [...BASE.slice(0, 2), 'KEY `a` (`a`)'],
  ])
    expect(against(clone).beyond).toBe(true);
});

it('knows what rows get in a column that is added, or that it does not know', () => {
  const filled = (sql: string) => filledWith(column(sql));
  expect(filled('`c` int(11) NOT NULL')).toEqual({ field: '0' });
  expect(filled('`c` int(11) DEFAULT NULL')).toEqual({ field: '\\N' });
  expect(filled('`c` decimal(10,2) NOT NULL')).toEqual({ field: '0.00' });
  expect(filled("`c` enum('one','two') NOT NULL")).toEqual({ field: 'one' });
  expect(filled('`c` datetime(3) NOT NULL')).toEqual({ field: '0000-00-00 00:00:00.000' });
  expect(filled("`c` varchar(9) NOT NULL DEFAULT 'a\tb'")).not.toBe('moment');
  expect(filled('`c` datetime NOT NULL DEFAULT current_timestamp()')).toBe('moment');
  expect(filled("`c` bit(3) NOT NULL DEFAULT b'1'")).toBe('unknown');
});

it.each([
  ['int(11) NOT NULL', 'bigint(20) NOT NULL', true],
  ['int(11) NOT NULL', 'bigint(20) unsigned NOT NULL', false],
  ['int(10) unsigned NOT NULL', 'bigint(20) NOT NULL', true],
  ['int(10) unsigned NOT NULL', 'int(11) NOT NULL', false],
  ['bigint(20) NOT NULL', 'int(11) NOT NULL', false],
  ['int(5) unsigned zerofill NOT NULL', 'int(9) unsigned zerofill NOT NULL', false],
  ["varchar(100) NOT NULL DEFAULT ''", 'varchar(191) DEFAULT NULL', true],
  ['varchar(100) DEFAULT NULL', "varchar(191) NOT NULL DEFAULT ''", false],
  ['varchar(100) NOT NULL', 'char(191) NOT NULL', false],
  ['varchar(100) NOT NULL', 'text NOT NULL', true],
  ['longtext NOT NULL', 'text NOT NULL', false],
  ['text NOT NULL', 'mediumblob NOT NULL', false],
  ["enum('a','b') NOT NULL", "enum('c','b','a') NOT NULL", true],
  ["enum('a','b') NOT NULL", "enum('a','c') NOT NULL", false],
  ["enum('a,b') NOT NULL", "enum('a,c','d,b') NOT NULL", false],
  ["enum('a,b') NOT NULL", "enum('it''s','a,b') NOT NULL", true],
  ["set('a','b') NOT NULL", "set('a','c','b') NOT NULL", true],
  ["set('a','b') NOT NULL", "set('b','a','c') NOT NULL", false],
  ['decimal(6,2) NOT NULL', 'decimal(8,2) NOT NULL', true],
  ['decimal(6,2) NOT NULL', 'decimal(8,4) NOT NULL', false],
  ['float NOT NULL', 'double NOT NULL', false],
  ['date NOT NULL', 'datetime NOT NULL', false],
  ['datetime NOT NULL', 'datetime NOT NULL DEFAULT current_timestamp()', true],
  ['datetime NOT NULL', 'datetime NOT NULL ON UPDATE current_timestamp()', false],
  ['varchar(9) CHARACTER SET utf8mb3 NOT NULL', 'varchar(9) NOT NULL', true],
  ['varchar(9) CHARACTER SET latin1 NOT NULL', 'varchar(9) NOT NULL', false],
])('a column that was %s and is %s holds all that it held in the same words: %s', (from, to, isWider) => {
  const found = compareDefinitions(parsed(`\`c\` ${from}`), undefined, parsed(`\`c\` ${to}`));
  expect([found.wider.length, found.beyond]).toEqual(isWider ? [1, false] : [0, true]);
});

it('a column that the live site has widened alike is there, and one that it has changed otherwise is its own', () => {
  const clone = ["`a` varchar(191) NOT NULL DEFAULT 'x'", ...BASE.slice(1)];
  const other = ["`a` varchar(30) NOT NULL DEFAULT 'x'", ...BASE.slice(1)];
  expect(against(clone)).toMatchObject({ what: ['1 column widened'], trouble: undefined, drops: false });
  expect(against(clone, clone)).toMatchObject({ wider: [], beyond: false, trouble: undefined });
  expect(against(clone, other).trouble).toContain('altered it too');
});
