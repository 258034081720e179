import type { Access } from './access.ts';
import type { Database } from './database.ts';
import type { State } from './types.ts';

/** Small texts under names; what they mean is their writers' affair. */
export function documentStore(database: Database, access: Access): State['documents'] {
  const find = (name: string): string | undefined =>
    database.prepare<[string], string>('SELECT content FROM documents WHERE name = ?').pluck().get(name);
  return {
    find: (name) => access.read(() => find(name)),
    change: (name, next) =>
      access.write(() => {
        const content = next(find(name));
        database
          .prepare<[string, string]>(
            'INSERT INTO documents (name, content) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET content = excluded.content',
          )
          .run(name, content);
        return content;
      }),
  };
}
