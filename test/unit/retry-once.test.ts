import { expect, test } from 'vitest';
import { retryOnce } from '../../src/runtime/retry-once.ts';
import type { UnitFinding } from '../../src/runtime/units.ts';

const SILENT: UnitFinding = { check: 'answers', ok: false, detail: 'its sidecar does not answer' };
const FINE: UnitFinding = { check: 'answers', ok: true, detail: '' };
const DIRTY: UnitFinding = { check: 'empty-files', ok: false, detail: '1 left' };

/** What is found in the end, and how often was asked; an Error is thrown. */
async function asked(...answers: readonly (readonly UnitFinding[] | Error)[]) {
  let asks = 0;
  const look = () => {
    const answer = answers[(asks += 1) - 1] ?? [];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ findings: answer });
  };
  const context = { sleep: () => Promise.resolve(), signal: new AbortController().signal };
  const found = await retryOnce(look, context).then(
    ({ findings }) => findings,
    (error: Error) => error.message,
  );
  return [found, asks];
}

test('one question that a unit did not answer says nothing of it: it is asked again, and what it answers then counts', async () => {
  expect(await asked([SILENT], [FINE])).toEqual([[FINE], 2]);
  expect(await asked(new Error('away'), [FINE])).toEqual([[FINE], 2]);
  expect(await asked([SILENT], [SILENT])).toEqual([[SILENT], 2]);
  expect(await asked(new Error('away'), new Error('away still'))).toEqual(['away still', 2]);
});

test('what a unit says of itself counts at once', async () => {
  expect(await asked([FINE])).toEqual([[FINE], 1]);
  expect(await asked([FINE, DIRTY])).toEqual([[FINE, DIRTY], 1]);
});
