import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { instancePaths, localLayout } from '../../src/runtime/local/layout.ts';
import { readLogs } from '../../src/runtime/local/logs.ts';
import { webLog } from '../../src/runtime/local/web-server.ts';
import { makeTemp } from '../support/temp.ts';
import { workContext } from '../support/work.ts';

/** An empty log of a web server, and what reads it. */
function logOfUnit() {
  const layout = localLayout(makeTemp('logs'));
  const paths = instancePaths(layout, 'unit');
  mkdirSync(paths.run, { recursive: true });
  const log = webLog(paths);
  writeFileSync(log, '');
  return {
    log,
    read: (follow: boolean, work = workContext()) => readLogs(paths, join(paths.run, 'none'), { follow }, work),
  };
}

async function allOf(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test('a letter of several bytes is read whole where a piece of the log ends in the middle of it', async () => {
  const { log, read } = logOfUnit();
  const line = `${'x'.repeat(64 * 1024 - 1)}€ and more`;
  writeFileSync(log, `${line}\n`);
  expect(await allOf(read(false))).toEqual([`web: ${line}`]);
});

test('a letter of which the server has written only the first byte is told once it is whole', async () => {
  const { log, read } = logOfUnit();
  const euro = Buffer.from('€\n');
  writeFileSync(log, Buffer.concat([Buffer.from('begun\n'), euro.subarray(0, 1)]));
  const lines = read(true, {
    ...workContext(),
    sleep: async () => appendFileSync(log, euro.subarray(1)),
  })[Symbol.asyncIterator]();
  expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['web: begun', 'web: €']);
});

test('the last line is told also where nothing ended it', async () => {
  const { log, read } = logOfUnit();
  writeFileSync(log, 'first\nKilled');
  expect(await allOf(read(false))).toEqual(['web: first', 'web: Killed']);
});

test('a log that is begun anew is read from its beginning', async () => {
  const { log, read } = logOfUnit();
  writeFileSync(log, 'old\nnever ended');
  const lines = read(true, { ...workContext(), sleep: async () => writeFileSync(log, 'new\n') })[
    Symbol.asyncIterator
  ]();
  expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['web: old', 'web: new']);
});
