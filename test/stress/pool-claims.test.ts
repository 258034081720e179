import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { makeTemp } from '../support/temp.ts';

const run = promisify(execFile);
const CHILD = join(import.meta.dirname, '../support/claim-child.ts');
/** Rounds; WPCLONE_STRESS makes it that many times as long. */
const ROUNDS = 10_000 * Number(process.env['WPCLONE_STRESS'] ?? 1);
const PROCESSES = 4;
const CLAIMERS = 5;

const child = async (...args: readonly (string | number)[]): Promise<readonly string[]> => {
  const { stdout } = await run(process.execPath, [CHILD, ...args.map(String)], { maxBuffer: 2 ** 26 });
  const got: readonly { name: string }[] = JSON.parse(stdout);
  return got.map(({ name }) => name);
};

it(`of twenty claimers in four processes exactly one gets the unit, each of ${ROUNDS} times`, async () => {
  const home = makeTemp('claims');
  await child(home, 0, ROUNDS);
  const got = (await Promise.all(Array.from({ length: PROCESSES }, () => child(home, CLAIMERS, ROUNDS)))).flat();
  expect(got.length).toBe(ROUNDS);
  expect(new Set(got).size).toBe(ROUNDS);
});
