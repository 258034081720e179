import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectTarget, type TargetConnection } from '../../src/transfer/database/connection.ts';
import { startLoad } from '../../src/transfer/database/load.ts';
import { startPlayground, type Playground } from '../support/transfer.ts';

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.stop());

const never = new AbortController().signal;

/** Loads over and over until all rounds are done or the other side is. */
async function loadRounds(
  connection: TargetConnection,
  table: string,
  rows: Buffer,
  goesOn: (round: number) => boolean,
): Promise<number> {
  let round = 0;
  for (; goesOn(round); round += 1) {
    const load = startLoad(connection, `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${table} (v)`, table);
    await load.write(rows);
    await load.end();
  }
  return round;
}

test('loads that end while another one is still being sent do not disturb it', async () => {
  const pair = await playground.pair('');
  for (const table of ['big', 'small'])
    await pair.inTarget(
      `CREATE TABLE ${table} (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, v varchar(500), KEY v (v))`,
    );
  const [one, other] = [await connectTarget(pair.site.database, never), await connectTarget(pair.site.database, never)];
  let running = true;
  const rows = Buffer.from(Array.from({ length: 8000 }, (_, n) => `${`${n}`.repeat(100)}\n`).join(''));
  const big = loadRounds(one, 'big', rows, (round) => round < 20).finally(() => (running = false));
  const small = loadRounds(other, 'small', Buffer.from('1\n'), () => running);
  const [bigs, smalls] = await Promise.all([big, small]);
  const counts = await pair.inTarget('SELECT (SELECT COUNT(*) FROM big) AS big, (SELECT COUNT(*) FROM small) AS small');
  expect(counts).toMatchObject([{ big: bigs * 8000, small: smalls }]);
  await Promise.all([one.close(), other.close()]);
});
