import { expect, test } from 'vitest';
import { lastError } from '../../src/runtime/local/database-failure.ts';

const WARNING =
  '2026-11-27 10:00:00 0 [Warning] option innodb-print-all-deadlocks: log_error is ignored, error log is off';
const ERROR = '2026-11-27 10:00:01 0 [ERROR] Unknown/unsupported storage engine: NoSuch';

test('a database server that cannot start is told of by its first error, not by a warning that has the word in it', () => {
  expect(lastError([WARNING, ERROR, '2026-11-27 10:00:02 0 [ERROR] Aborting'])).toBe(
    'Unknown/unsupported storage engine: NoSuch',
  );
  expect(lastError([WARNING, ''])).toBe(WARNING);
});

test('no room is what matters, whatever the line is called', () => {
  const full = '2026-11-27 10:00:00 0 [Warning] mariadbd: Disk is full writing a page (error 28)';
  expect(lastError([ERROR, full])).toBe(full);
});
