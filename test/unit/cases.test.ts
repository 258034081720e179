import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const TESTS = join(import.meta.dirname, '..');
const CASES = join(TESTS, 'cases');
/** A file of tests, and how the name of one in it begins. */
const NAMED = /`([^`\s]+\.ts)`: ([^|<]+)/g;

it.each(readdirSync(CASES))('each test that test/cases/%s names is there', (table) => {
  const named = [...readFileSync(join(CASES, table), 'utf8').matchAll(NAMED)];
  const missing = named.flatMap(([, file = '', name = '']) => {
    const path = join(TESTS, file);
    return existsSync(path) && readFileSync(path, 'utf8').includes(name.trim()) ? [] : [`${file}: ${name}`];
  });
  expect(missing).toEqual([]);
  // One whose rows are written otherwise would be looked at in vain.
  expect(named.length).toBeGreaterThan(10);
});
