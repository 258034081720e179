import { expect, it } from 'vitest';
import { classifyWriteRefusal } from '../../../src/site/write/answers.ts';

it('a database without room is what the site lacks, one that fails otherwise a failure of the site', () => {
  const of = (more: object) =>
    classifyWriteRefusal({ error: 'table_failed', message: 'Why.', number: 1114, ...more }, 's.example');
  expect([of({ full: true }).code, of({}).code]).toEqual(['RESTORE_IMPOSSIBLE', 'SOURCE_FAILED']);
  expect(of({ full: true }).message).toContain('Why.');
});
