import { cpSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { SourceAccess } from '../../src/site/access.ts';
import { createSiteClient, type SiteClientDeps } from '../../src/site/client.ts';
import type { FileEvent, RowBlock, TableRead } from '../../src/site/client-types.ts';
import type { TableInfo } from '../../src/site/info.ts';
import { packagePath } from '../../src/shared/package-root.ts';
import { WEB_USER } from './servers.ts';
import type { Source } from './source/index.ts';
import { run } from './temp.ts';

const keySchema = z.object({ keyId: z.string(), secret: z.string() });

/** Puts the migrator into a source, activates it, and makes a key: what connecting does, without the log-in. */
export async function installMigrator(source: Source): Promise<SourceAccess> {
  const folder = join(source.content, 'plugins/wpclone-migrator');
  cpSync(packagePath('templates/migrator'), folder, { recursive: true });
  if (WEB_USER) await run(['chown', '-R', `${WEB_USER}:`, folder]);
  await source.php(
    "require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( 'wpclone-migrator/wpclone-migrator.php' );",
  );
  return pair(source);
}

/** A fresh key of an active migrator. */
export async function pair(source: Source): Promise<SourceAccess> {
  const key = keySchema.parse(JSON.parse(await source.php('echo json_encode( Wpclone\\Migrator\\create_key() );')));
  return { url: source.url, endpoint: `${source.url}/`, ...key, insecureTls: false };
}

export type TestClient = ReturnType<typeof createSiteClient>;

/** A client whose waits are short, so that tests of failures do not take as long as real ones. */
export function testClient(access: SourceAccess, deps: Partial<SiteClientDeps> = {}): TestClient {
  return createSiteClient(access, {
    now: Date.now,
    sleep: (milliseconds, signal) => delay(Math.min(milliseconds, 50), undefined, signal ? { signal } : {}),
    randomBytes,
    retry: () => undefined,
    ...deps,
  });
}

export const never = new AbortController().signal;

export const readOf = (table: TableInfo): TableRead => ({
  name: table.name,
  columns: table.columns.filter((column) => !column.generated).map((column) => column.name),
  key: table.key,
});

/** All rows of each table. */
export async function collectRows(blocks: AsyncIterable<RowBlock>): Promise<Map<string, Buffer>> {
  const parts = new Map<string, Buffer[]>();
  for await (const block of blocks) {
    const list = parts.get(block.table);
    if (list) list.push(Buffer.from(block.data));
    else parts.set(block.table, [Buffer.from(block.data)]);
  }
  return new Map([...parts].map(([name, list]) => [name, Buffer.concat(list)]));
}

export interface ReceivedFile {
  readonly body: Buffer;
  readonly sha256?: string;
  readonly failed?: string;
}

/** Whole bodies by path; what was begun again is dropped. */
export async function collectFiles(events: AsyncIterable<FileEvent>): Promise<Map<string, ReceivedFile>> {
  const files = new Map<string, ReceivedFile>();
  let path = '';
  let parts: Buffer[] = [];
  for await (const event of events) {
    if (event.type === 'start') [path, parts] = [event.file.path, []];
    else if (event.type === 'data') parts.push(Buffer.from(event.data));
    else if (event.type === 'end') files.set(path, { body: Buffer.concat(parts), sha256: event.sha256 });
    else if (event.type === 'held')
      files.set(event.file.path, { body: Buffer.alloc(0), sha256: event.file.held ?? '' });
    else files.set(path, { body: Buffer.alloc(0), failed: event.reason });
  }
  return files;
}
