import { expect, test } from 'vitest';
import type { TargetServer } from '../../../src/transfer/database/collations.ts';
import { createStatement } from '../../../src/transfer/database/draft.ts';
import { parseDefinition } from '../../../src/transfer/database/definition.ts';
import { render, tokenize } from '../../../src/transfer/database/sql-tokens.ts';
import { translateTable, type TableStatements } from '../../../src/transfer/database/translate.ts';
import { collectWarnings } from '../../../src/transfer/warnings.ts';

const MARIADB: TargetServer = {
  flavor: 'mariadb',
  engines: new Set(['INNODB', 'MYISAM', 'ARIA', 'MEMORY']),
  collations: new Set([
    'utf8mb4_bin',
    'utf8mb4_general_ci',
    'utf8mb4_unicode_520_ci',
    'utf8mb4_uca1400_nopad_ai_ci',
    'latin1_swedish_ci',
  ]),
  charsets: new Set(['utf8mb4', 'utf8mb3', 'latin1']),
  ignoresCase: false,
};

function translate(
  text: string,
  options: { deferKeys?: boolean; tables?: string[]; server?: TargetServer } = {},
): TableStatements & { create: string; warnings: string[] } {
  const warnings = collectWarnings();
  const name = /^CREATE TABLE `([^`]+)`/.exec(text)?.[1] ?? '';
  const { deferKeys = false, tables = [name], server = MARIADB } = options;
  const statements = translateTable(
    parseDefinition(text, name),
    { deferKeys, tables: new Set(tables) },
    server,
    warnings,
  );
  return {
    ...statements,
    create: createStatement(statements.draft),
    warnings: warnings.list().map(({ code }) => code),
  };
}

test('a table of MySQL 8 becomes one that MariaDB takes', () => {
  const { create, keys, warnings } = translate(
    `CREATE TABLE \`wp_t\` (
  \`id\` bigint unsigned NOT NULL AUTO_INCREMENT /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT FIXED */,
  \`v\` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT (_utf8mb4'a,b)'),
  \`doc\` json DEFAULT NULL,
  \`name\` varchar(50) COLLATE utf8mb4_0900_ai_ci GENERATED ALWAYS AS (json_unquote(json_extract(\`doc\`,_utf8mb4'$.name'))) STORED NOT NULL,
  \`hidden\` int DEFAULT NULL /*!80023 INVISIBLE */,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`u\` (\`v\`),
  KEY \`low\` ((lower(\`v\`))),
  KEY \`off\` (\`hidden\`) /*!80000 INVISIBLE */,
  FULLTEXT KEY \`ft\` (\`v\`) /*!50100 WITH PARSER \`ngram\` */ ,
  CONSTRAINT \`c\` CHECK ((\`id\` > 0)) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci ENCRYPTION='Y' COMMENT='it''s, (odd)'
/*!50100 PARTITION BY HASH (id) PARTITIONS 4 */`,
  );
  expect(create).toBe(`CREATE TABLE \`wp_t\` (
  \`id\` bigint unsigned NOT NULL AUTO_INCREMENT STORAGE DISK COLUMN_FORMAT FIXED,
  \`v\` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci DEFAULT (_utf8mb4'a,b)'),
  \`doc\` json DEFAULT NULL,
  \`name\` varchar(50) COLLATE utf8mb4_uca1400_nopad_ai_ci GENERATED ALWAYS AS (json_unquote(json_extract(\`doc\`,_utf8mb4'$.name'))) STORED,
  \`hidden\` int DEFAULT NULL INVISIBLE,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`u\` (\`v\`),
  KEY \`off\` (\`hidden\`),
  CONSTRAINT \`c\` CHECK ((\`id\` > 0)) NOT ENFORCED
) ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci COMMENT='it''s, (odd)'`);
  expect(keys).toEqual(['ADD KEY `low` ((lower(`v`)))', 'ADD FULLTEXT KEY `ft` (`v`)']);
  expect(new Set(warnings)).toEqual(new Set(['COLLATION_MAPPED', 'DATABASE_FEATURE_DROPPED']));
});

test('what MySQL writes into comments is a part that this server may refuse, or is told of', () => {
  const text = `CREATE TABLE \`t\` (
  \`p\` point NOT NULL /*!80003 SRID 4326 */,
  \`n\` int DEFAULT NULL /*!80023 INVISIBLE */ /*!80021 ENGINE_ATTRIBUTE '{"a": "*/"}' */,
  KEY \`k\` (\`n\`) /*!80000 INVISIBLE */ /*!80021 ENGINE_ATTRIBUTE '{}' */,
  FULLTEXT KEY \`f\` (\`v\`) /*!50100 WITH PARSER \`ngram\` */,
  CONSTRAINT \`c\` CHECK ((\`n\` > 0)) /*!80016 NOT ENFORCED */
) /*!50100 TABLESPACE \`x\` */ ENGINE=InnoDB /* ENGINE=CSV */ /*!80021 ENGINE_ATTRIBUTE='{}' */
/*!50100 PARTITION BY HASH (n) */`;
  const { draft, warnings } = translate(text);
  const clauses = draft.items.flat().filter(({ text: clause }) => /SRID|INVISIBLE|ENGINE_|ENFORCED/.test(clause));
  expect(clauses).toEqual(
    ['SRID 4326', 'INVISIBLE', `ENGINE_ATTRIBUTE '{"a": "*/"}'`, 'CONSTRAINT `c` CHECK ((`n` > 0)) NOT ENFORCED'].map(
      (clause) => ({ text: clause, optional: true }),
    ),
  );
  expect(parseDefinition(text, 't').leftOut).toEqual(["INVISIBLE ENGINE_ATTRIBUTE '{}'", 'WITH PARSER `ngram`']);
  expect(warnings).toEqual(['DATABASE_FEATURE_DROPPED', 'DATABASE_FEATURE_DROPPED']);
  expect(draft.options.map((option) => option.text).join('')).toBe(' ENGINE=InnoDB');
});

test('plain keys of a large table are put off, but not the one that its counter needs', () => {
  const { create, keys } = translate(
    'CREATE TABLE `t` (\n `a` int NOT NULL,\n `n` int NOT NULL AUTO_INCREMENT,\n PRIMARY KEY (`a`),\n UNIQUE KEY `u` (`a`,`n`),\n KEY `n` (`n`),\n KEY `a` (`a`)\n) ENGINE=InnoDB',
    { deferKeys: true },
  );
  expect(keys).toEqual(['ADD KEY `a` (`a`)']);
  expect(create).toContain('KEY `n` (`n`)');
});

const ELSEWHERE = "PARTITION BY HASH (`a`) PARTITIONS 1 (PARTITION p DATA DIRECTORY = '/elsewhere')";

test.each([
  ['key', `KEY \`k\` (\`a\`) USING BTREE COMMENT 'x' ${ELSEWHERE}`, "ADD KEY `k` (`a`) USING BTREE COMMENT 'x'"],
  ['full-text key', `FULLTEXT KEY \`k\` (\`a\`) WITH PARSER \`ngram\` ${ELSEWHERE}`, 'ADD FULLTEXT KEY `k` (`a`)'],
  ['key over an expression', `UNIQUE KEY \`k\` ((lower(\`a\`))) ${ELSEWHERE}`, 'ADD UNIQUE KEY `k` ((lower(`a`)))'],
  ['key with options', `KEY \`k\` (\`a\`) KEY_BLOCK_SIZE=4 WITH ${ELSEWHERE}`, 'ADD KEY `k` (`a`) KEY_BLOCK_SIZE=4'],
  [
    'foreign key',
    `CONSTRAINT \`f\` FOREIGN KEY (\`a\`) REFERENCES \`t\` (\`a\`) ON DELETE CASCADE ON UPDATE NO ACTION ${ELSEWHERE}`,
    'ADD CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `t` (`a`) ON DELETE CASCADE ON UPDATE NO ACTION',
  ],
  ['check', `CONSTRAINT \`c\` CHECK (\`a\` > 0) ${ELSEWHERE}`, undefined],
])('nothing follows a %s that is no part of it, and it is told of', (_, item, statement) => {
  const text = `CREATE TABLE \`t\` (\`a\` int, ${item}, KEY \`other\` (\`a\`)) ENGINE=InnoDB`;
  const { create, keys, foreignKeys } = translate(text, { deferKeys: true });
  expect([...keys, ...foreignKeys].filter((key) => !key.includes('other'))).toEqual(
    statement === undefined ? [] : [statement],
  );
  expect([create, ...keys, ...foreignKeys].join(' ')).not.toContain('elsewhere');
  expect(parseDefinition(text, 't').leftOut.join()).toContain('/elsewhere');
});

test('what is no key, foreign key or check at all is left out, and told of', () => {
  const items = [
    'DATA DIRECTORY',
    'KEY `k` USING BTREE',
    'FOREIGN KEY (`a`) REFERENCES (`b`)',
    'CHECK `a`',
    'LIKE `u`',
  ];
  const { leftOut, keys, checks } = parseDefinition(`CREATE TABLE \`t\` (\`a\` int, ${items.join(', ')})`, 't');
  expect([leftOut, keys, checks]).toEqual([items, [], []]);
});

test('foreign keys come apart, and only those to tables that are copied', () => {
  const { create, foreignKeys, warnings } = translate(
    'CREATE TABLE `a` (`b` int, KEY `b` (`b`), CONSTRAINT `x` FOREIGN KEY (`b`) REFERENCES `b` (`id`) ON DELETE SET NULL, CONSTRAINT `y` FOREIGN KEY (`b`) REFERENCES `other`.`b` (`id`), CONSTRAINT `z` FOREIGN KEY (`b`) REFERENCES `gone` (`id`)) ENGINE=InnoDB',
    { tables: ['a', 'b'] },
  );
  expect(foreignKeys).toEqual(['ADD CONSTRAINT `x` FOREIGN KEY (`b`) REFERENCES `b` (`id`) ON DELETE SET NULL']);
  expect(create).not.toContain('REFERENCES');
  expect(warnings).toEqual(['DATABASE_FEATURE_DROPPED', 'DATABASE_FEATURE_DROPPED']);
});

test.each([
  ['nothing', ''],
  ['another statement', 'DROP TABLE `t`'],
  ['another table', 'CREATE TABLE `u` (`a` int)'],
  ['a table of another schema', 'CREATE TABLE `s`.`t` (`a` int)'],
  ['a copy', 'CREATE TABLE `t` LIKE `u`'],
  ['a query', 'CREATE TABLE `t` AS SELECT 1'],
  ['a temporary table', 'CREATE TEMPORARY TABLE `t` (`a` int)'],
  ['an open parenthesis', 'CREATE TABLE `t` (`a` int'],
  ['a parenthesis hidden in a string', "CREATE TABLE `t` (`a` int DEFAULT ')'"],
  ['a quote that is never closed', "CREATE TABLE `t` (CHECK ('x'), `a` int \\' )"],
  ['a second statement', 'CREATE TABLE `t` (`a` int); SELECT 1'],
])('a definition that is %s is refused', (_, text) => {
  expect(() => parseDefinition(text, 't')).toThrow(expect.objectContaining({ code: 'TABLE_FAILED' }));
});

test('a query behind the definition is not kept', () => {
  expect(translate('CREATE TABLE `t` (`a` int) ENGINE=InnoDB AS SELECT `user` FROM `mysql`.`user`').create).toBe(
    'CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB',
  );
});

test('a hostile text is refused, however long', () => {
  for (const text of [
    '`'.repeat(200_001),
    `'${'\\'.repeat(200_001)}`,
    '('.repeat(200_000),
    `\`${'a'.repeat(200_000)}`,
    '/*'.repeat(100_000),
  ]) {
    expect(() => parseDefinition(`CREATE TABLE \`t\` (${text}`, 't')).toThrow();
  }
});

test('a definition is read in time that grows with its length only: its quotes may be as many as they like', () => {
  for (const quotes of ["''", '""', "'\\'"]) {
    const text = `CREATE TABLE \`t\` (\`a\` int DEFAULT '${quotes.repeat(400_000 / quotes.length)}`;
    expect(() => parseDefinition(`${text}\\`, 't')).toThrow(/is cut off/);
    expect(() => parseDefinition(`${text}\\'`, 't')).toThrow(/is cut off/);
  }
});

test('a definition of more than 1 MB is refused', () => {
  const text = (bytes: number): string => `CREATE TABLE \`t\` (\`a\` int COMMENT '${'x'.repeat(bytes)}')`;
  expect(parseDefinition(text(900_000), 't').columns).toHaveLength(1);
  expect(() => parseDefinition(text(1 << 20), 't')).toThrow(expect.objectContaining({ code: 'TABLE_FAILED' }));
});

test('two dashes never begin a comment', () => {
  expect(render(tokenize("1--1 --\n'x' --\u0001")).includes('--')).toBe(false);
});

test('text in quotes stays as it is', () => {
  const text = "`a``b` 'it''s \\' /* no comment */ -- none' \"x\" 1.5 _utf8mb4'é'";
  expect(render(tokenize(text))).toBe(text);
});
