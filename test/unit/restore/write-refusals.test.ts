import { expect, it } from 'vitest';
import { createBackoff } from '../../../src/site/backoff.ts';
import { classifyWriteRefusal } from '../../../src/site/write/answers.ts';

it('a database without room is what the site lacks, one that fails otherwise a failure of the site', () => {
  const of = (more: object) =>
    classifyWriteRefusal({ error: 'table_failed', message: 'Why.', number: 1114, ...more }, 's.example');
  expect([of({ full: true }).code, of({}).code]).toEqual(['RESTORE_IMPOSSIBLE', 'SOURCE_FAILED']);
  expect(of({ full: true }).message).toContain('Why.');
});

it('a table that a crash of its server damaged is asked for again, since the server repairs it when it opens it, but not for long', () => {
  const error = classifyWriteRefusal({ error: 'table_failed', message: 'Corrupt.', number: 126 }, 's.example');
  const backoff = createBackoff(
    () => true,
    () => 0.5,
  );
  expect([backoff.next(error), backoff.next(error)]).toEqual([250, 500]);
  expect(() => backoff.next(error)).toThrow('Corrupt.');
  const other = classifyWriteRefusal({ error: 'table_failed', message: 'Why.', number: 1146 }, 's.example');
  expect(() => backoff.next(other)).toThrow('Why.');
});
