import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDirectOperations } from '../../src/operations/direct.ts';
import type { CloneRequest } from '../../src/operations/types.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf, workContext } from '../support/work.ts';

const operationsIn = (home: string) => {
  const operations = createDirectOperations({ home, runtime: 'local', kubernetes: {}, environment: process.env });
  onTestFinished(() => operations.close());
  return operations;
};

test('a start that failed is tried again by whoever asks next', async () => {
  const home = join(makeTemp('direct'), 'home');
  writeFileSync(home, 'in the way');
  const operations = operationsIn(home);
  expect((await failureOf(operations.list(workContext()))).code).toBe('STATE_FAILED');
  rmSync(home);
  expect(await operations.list(workContext())).toEqual([]);
});

test('operations whose start failed can be closed', async () => {
  const home = join(makeTemp('direct'), 'home');
  writeFileSync(home, 'in the way');
  const operations = operationsIn(home);
  await failureOf(operations.list(workContext()));
  await expect(operations.close()).resolves.toBeUndefined();
});

test('a request is plain data, which a queue can keep', () => {
  const request: CloneRequest = {
    url: 'https://mysite.example',
    name: 'mysite',
    username: 'admin',
    loginUrl: 'https://mysite.example/door',
    insecureTls: false,
    ttlSeconds: 60,
    media: 'copy',
    excludeTables: ['*_log'],
    excludePaths: [],
    keepMail: false,
    defines: {},
    strict: false,
  };
  expect(JSON.parse(JSON.stringify(request))).toEqual(request);
});
