import { expect, test } from 'vitest';
import { applyRestore } from '../../../src/operations/apply-restore.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import type { RestoreRow } from '../../../src/state/types.ts';
import { failureOf, workContext } from '../../support/work.ts';

/** A restore that does not get as far as the site, which is away. Real sites and real kills are in test/integration. */
async function failed(before: readonly RestoreRow[], signal = new AbortController().signal) {
  const rows = new Map(before.map((row) => [row.id, row]));
  const restores = {
    find: (id: string) => Promise.resolve(rows.get(id)),
    save: (row: RestoreRow) => Promise.resolve(void rows.set(row.id, row)),
    remove: (id: string) => Promise.resolve(void rows.delete(id)),
  };
  const runtime = {
    takeForRestore: () => Promise.resolve({ lost: new AbortController().signal, release: () => Promise.resolve() }),
    get: () => Promise.resolve({ facts: { source: { url: 'https://shop.example' } } }),
  };
  const port = { connect: () => Promise.reject(new WpcloneError('UNREACHABLE', 'It is away.', { retryable: true })) };
  const request = { restore: 'r1', cloneId: 'shop', policy: { include: [] }, agreed: null } as never;
  const work = applyRestore(
    request,
    'https://shop.example',
    port,
    runtime as never,
    { restores } as never,
    workContext(signal),
  );
  return { error: await failureOf(work), kept: [...rows.keys()] };
}

const BEGUN = { id: 'r1', url: 'https://shop.example', cloneId: 'shop', madeAt: 0, status: 'begun', receipt: '{}' };

test('a restore that an earlier attempt may have written stays known, and is told of, when the next one does not get as far as the site', async () => {
  const { error, kept } = await failed([BEGUN]);
  expect(kept).toEqual(['r1']);
  expect(error).toMatchObject({ code: 'UNREACHABLE', retryable: true, details: { uncertain: true } });
  expect(error.message).toContain('wpclone restore undo r1');
  const cancelled = AbortSignal.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
  expect(await failed([BEGUN], cancelled)).toMatchObject({ error: { code: 'CANCELLED' }, kept: ['r1'] });
});

test('a restore that nobody began before leaves no line when the site is away', async () => {
  const { error, kept } = await failed([]);
  expect(kept).toEqual([]);
  expect(error.details).not.toHaveProperty('uncertain');
});
