import { z } from 'zod';
import type { Access } from './access.ts';
import type { Database } from './database.ts';
import type { SecretBox } from './secrets.ts';
import type { KnownSource, State } from './types.ts';

interface SourceColumns {
  readonly url: string;
  readonly endpoint: string;
  readonly key_id: string;
  readonly secret: Buffer;
  readonly insecure_tls: number;
  readonly last_used_at: number;
  readonly wall: Buffer | null;
}

const locationOf = (url: string): string => `sources.secret ${url}`;
const wallPlace = (url: string): string => `sources.wall ${url}`;

const wallSchema = z.object({ userAgent: z.string().optional(), cookies: z.string() });

/** The sources that have our plugin. Secrets go through `box`. */
export function sourceStore(database: Database, box: SecretBox, access: Access): State['sources'] {
  const read = (row: SourceColumns): KnownSource => ({
    url: row.url,
    endpoint: row.endpoint,
    keyId: row.key_id,
    secret: box.open(row.secret, locationOf(row.url)),
    insecureTls: row.insecure_tls === 1,
    lastUsedAt: row.last_used_at,
    ...(row.wall === null ? {} : wallSchema.parse(JSON.parse(box.open(row.wall, wallPlace(row.url))))),
  });
  // Cookies are secrets like keys; a name alone needs no keeping.
  const wallOf = ({ url, userAgent, cookies }: KnownSource): Buffer | null =>
    cookies === undefined ? null : box.seal(JSON.stringify({ userAgent, cookies }), wallPlace(url));
  return {
    find: (url) =>
      access.read(() => {
        const row = database.prepare<[string], SourceColumns>('SELECT * FROM sources WHERE url = ?').get(url);
        return row && read(row);
      }),
    list: () =>
      access.read(() => database.prepare<[], SourceColumns>('SELECT * FROM sources ORDER BY url').all().map(read)),
    save: (source) =>
      access.write(() => {
        database
          .prepare<SourceColumns>(
            `INSERT INTO sources (url, endpoint, key_id, secret, insecure_tls, last_used_at, wall)
             VALUES (@url, @endpoint, @key_id, @secret, @insecure_tls, @last_used_at, @wall)
             ON CONFLICT (url) DO UPDATE SET endpoint = excluded.endpoint, key_id = excluded.key_id,
               secret = excluded.secret, insecure_tls = excluded.insecure_tls, last_used_at = excluded.last_used_at,
               wall = excluded.wall`,
          )
          .run({
            url: source.url,
            endpoint: source.endpoint,
            key_id: source.keyId,
            secret: box.seal(source.secret, locationOf(source.url)),
            insecure_tls: source.insecureTls ? 1 : 0,
            last_used_at: source.lastUsedAt,
            wall: wallOf(source),
          });
      }),
    remove: (url) =>
      access.write(() => {
        database.prepare<[string]>('DELETE FROM sources WHERE url = ?').run(url);
      }),
  };
}
