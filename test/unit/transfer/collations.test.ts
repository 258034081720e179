import { expect, test } from 'vitest';
import { mapCharset, mapCollation, type TargetServer } from '../../../src/transfer/database/collations.ts';

const server = (...collations: string[]): TargetServer => ({
  flavor: 'mariadb',
  engines: new Set(),
  collations: new Set(collations),
  charsets: new Set(collations.map((name) => name.split('_')[0] ?? '')),
  ignoresCase: false,
});

const OLD = server(
  'utf8mb4_bin',
  'utf8mb4_general_ci',
  'utf8mb4_unicode_ci',
  'utf8mb4_unicode_520_ci',
  'utf8mb4_spanish_ci',
);
const NEW = server(
  'utf8mb4_bin',
  'utf8mb4_general_ci',
  'utf8mb4_unicode_520_ci',
  ...['ai_ci', 'as_ci', 'as_cs', 'ai_cs'].flatMap((tail) => [
    `utf8mb4_uca1400_${tail}`,
    `utf8mb4_uca1400_nopad_${tail}`,
    `utf8mb4_uca1400_spanish_nopad_${tail}`,
  ]),
);
const MYSQL = server(
  'utf8mb4_bin',
  'utf8mb4_0900_ai_ci',
  'utf8mb4_0900_as_cs',
  'utf8mb4_es_0900_ai_ci',
  'utf8mb4_unicode_520_ci',
  'utf8mb3_general_ci',
);

test.each([
  [OLD, 'utf8mb4_0900_ai_ci', 'utf8mb4_unicode_520_ci'],
  [OLD, 'utf8mb4_0900_as_cs', 'utf8mb4_bin'],
  [OLD, 'utf8mb4_0900_bin', 'utf8mb4_bin'],
  [OLD, 'utf8mb4_es_0900_ai_ci', 'utf8mb4_spanish_ci'],
  [OLD, 'utf8mb4_uca1400_ai_ci', 'utf8mb4_unicode_520_ci'],
  [NEW, 'utf8mb4_0900_ai_ci', 'utf8mb4_uca1400_nopad_ai_ci'],
  [NEW, 'utf8mb4_0900_as_ci', 'utf8mb4_uca1400_nopad_as_ci'],
  [NEW, 'utf8mb4_0900_as_cs', 'utf8mb4_uca1400_nopad_as_cs'],
  [NEW, 'utf8mb4_es_0900_ai_ci', 'utf8mb4_uca1400_spanish_nopad_ai_ci'],
  [NEW, 'UTF8MB4_GENERAL_CI', 'utf8mb4_general_ci'],
  [MYSQL, 'utf8mb4_uca1400_ai_ci', 'utf8mb4_0900_ai_ci'],
  [MYSQL, 'utf8mb4_uca1400_nopad_as_cs', 'utf8mb4_0900_as_cs'],
  [MYSQL, 'utf8mb4_uca1400_spanish_ai_ci', 'utf8mb4_es_0900_ai_ci'],
  [MYSQL, 'utf8_general_ci', 'utf8mb3_general_ci'],
])('%# the nearest collation to %s', (target, wanted, mapped) => {
  expect(mapCollation(wanted, target)).toBe(mapped);
});

test('without the character set there is no equivalent', () => {
  expect(() => mapCollation('gb18030_chinese_ci', NEW)).toThrow(expect.objectContaining({ code: 'COLLATION_UNKNOWN' }));
  expect(() => mapCharset('gb18030', NEW)).toThrow(expect.objectContaining({ code: 'COLLATION_UNKNOWN' }));
  expect(mapCharset('utf8', MYSQL)).toBe('utf8mb3');
});
