import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TargetConnection } from '../../src/transfer/database/connection.ts';
import { startDifferences } from '../../src/transfer/database/differences.ts';
import { makeTemp } from '../support/temp.ts';

const folder = makeTemp('differences');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const key = (text: string) => [Buffer.from(text).toString('base64')];

/** In the place of the clone's server: notes what it is told and takes all rows. */
function serverThatNotes() {
  const told: string[] = [];
  const loaded = Promise.withResolvers<unknown>();
  const server = {
    execute: async (sql: string) => {
      told.push(sql);
      return { affectedRows: 1 };
    },
    raw: {
      query: ({ infileStreamFactory }: { infileStreamFactory: () => unknown }) => {
        infileStreamFactory();
        return loaded.promise;
      },
    },
    sendRows: async (rows: Buffer) => {
      if (rows.length === 0) loaded.resolve([{ info: '', warningStatus: 0 }]);
      else told.push(rows.toString());
    },
  };
  return { told, connection: server as unknown as TargetConnection };
}

const plan = { name: 'wp_a', create: '', columns: ['id'], key: ['id'], keys: [], foreignKeys: [], load: '' };

/** The rows 5 and 9, of which an earlier clone says that both are as they were. */
async function toldOf(first: string): Promise<readonly string[]> {
  const file = join(folder, 'rows.tsv');
  writeFileSync(file, '5\n9\n');
  const { told, connection } = serverThatNotes();
  const differences = await startDifferences(connection, plan, file);
  const [five, nine] = [Buffer.from('5\n'), Buffer.from('9\n')];
  differences.wrote(five, { after: null, last: key(first), rows: () => five });
  differences.wrote(nine, { after: key(first), last: key('9'), rows: () => nine });
  await differences.apply();
  expect([told.shift(), told.pop()]).toEqual(['START TRANSACTION WITH CONSISTENT SNAPSHOT', 'COMMIT']);
  return told;
}

it('of a table that was laid only what lies behind its last row is deleted when all rows are as they were', async () => {
  expect(await toldOf('5')).toEqual(['DELETE FROM `wp_a` WHERE NOT (`id` <= 9)']);
});

it('rows whose keys an earlier clone remembers as something that is no number are loaded, and nothing else fails', async () => {
  expect(await toldOf('5x')).toEqual(['TRUNCATE TABLE `wp_a`', '5\n9\n']);
});
