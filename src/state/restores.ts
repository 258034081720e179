import type { Access } from './access.ts';
import type { Database } from './database.ts';
import type { RestoreRow, State } from './types.ts';

interface RestoreColumns {
  readonly id: string;
  readonly url: string;
  readonly clone_id: string | null;
  readonly status: string;
  readonly made_at: number;
  readonly receipt: string;
}

const read = ({ id, url, clone_id, status, made_at, receipt }: RestoreColumns): RestoreRow => ({
  id,
  url,
  cloneId: clone_id,
  status,
  madeAt: made_at,
  receipt,
});

/** What was written to live sites from here. */
export function restoreStore(database: Database, access: Access): State['restores'] {
  return {
    find: (id) =>
      access.read(() => {
        const row = database.prepare<[string], RestoreColumns>('SELECT * FROM restores WHERE id = ?').get(id);
        return row && read(row);
      }),
    list: () =>
      access.read(() =>
        database.prepare<[], RestoreColumns>('SELECT * FROM restores ORDER BY made_at DESC, id').all().map(read),
      ),
    save: ({ id, url, cloneId, status, madeAt, receipt }) =>
      access.write(() => {
        database
          .prepare<RestoreColumns>(
            `INSERT INTO restores (id, url, clone_id, status, made_at, receipt)
             VALUES (@id, @url, @clone_id, @status, @made_at, @receipt)
             ON CONFLICT (id) DO UPDATE SET status = excluded.status, receipt = excluded.receipt`,
          )
          .run({ id, url, clone_id: cloneId, status, made_at: madeAt, receipt });
      }),
    remove: (id) =>
      access.write(() => {
        database.prepare<[string]>('DELETE FROM restores WHERE id = ?').run(id);
      }),
  };
}
