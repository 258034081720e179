import { expect, test } from 'vitest';
import { cloneSite, type SourcePort } from '../../src/engine/clone.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import type { CloneRecord } from '../../src/runtime/facts.ts';
import { siteInfo } from '../support/site-info.ts';
import { workContext } from '../support/work.ts';

const MINUTE = 60_000;

/** A clone that somebody takes five minutes to look at; the instance and its runtime stand for real ones, which have tests of their own. */
async function slowClone(ttlSeconds: number, leaves?: Promise<void>, order: string[] = []) {
  let now = Date.now();
  const told: number[] = [];
  const ended: boolean[] = [];
  let record: CloneRecord | undefined;
  const operations = {
    pullDatabase: () =>
      Promise.resolve(void order.push('database')).then(() => ({
        rows: 1,
        reused: 0,
        bytes: 1,
        urlsRewritten: 0,
        warnings: [],
      })),
    pullFiles: () =>
      Promise.resolve(void order.push('files')).then(() => ({ files: 1, reused: 0, bytes: 1, warnings: [] })),
    configure: ({ expiresAt }: { expiresAt: number }) => {
      told.push(expiresAt);
      return Promise.resolve({ setAside: [], warnings: [] });
    },
    verify: () => {
      now += 5 * MINUTE;
      ended.push(now >= (told.at(-1) ?? 0));
      return Promise.resolve({ findings: [], warnings: [] });
    },
    createLoginLink: () => Promise.resolve('http://127.0.0.1:8101/?wpclone-login=x'),
    setExpiry: (expiresAt: number) => Promise.resolve(void told.push(expiresAt)),
  };
  const lease = {
    cloneId: 'slow',
    instance: { id: 'slow', url: 'http://127.0.0.1:8101', how: 'created', operations },
    lost: new AbortController().signal,
    commit: (given: CloneRecord) => Promise.resolve((record = given)),
  };
  const runtime = {
    kind: 'local',
    units: { list: () => Promise.resolve([]), revision: () => Promise.resolve('now') },
    provision: () => Promise.resolve(lease),
  } as unknown as Runtime;
  const source = {
    connect: (_: unknown, leaving: (ending: Promise<void>) => void) => {
      if (leaves) leaving(leaves);
      return Promise.resolve({
        access: { insecureTls: false },
        info: siteInfo(),
        way: 'known-key',
        installedNow: false,
      });
    },
    look: () => Promise.resolve({}),
  } as unknown as SourcePort;
  const plan = {
    url: 'https://old.example',
    ttlSeconds,
    media: 'copy',
    excludeTables: [],
    excludePaths: [],
    keepMail: false,
    defines: {},
    strict: false,
  } as const;
  await cloneSite(plan, source, runtime, { ...workContext(), now: () => now });
  return { life: (record?.expiresAt ?? 0) - now, ended, told: told.at(-1) === record?.expiresAt };
}

test('a clone has all of its time from the moment it is ready, and does not end under those who make it', async () => {
  expect(await slowClone(3600)).toEqual({ life: 60 * MINUTE, ended: [false], told: true });
  expect(await slowClone(60)).toEqual({ life: MINUTE, ended: [false], told: true });
});

test('files come while our log-in at the source ends, and tables, of which one holds it, after that', async () => {
  const order: string[] = [];
  const leaves = Promise.withResolvers<void>();
  setTimeout(() => leaves.resolve(void order.push('logged out')), 20);
  await slowClone(60, leaves.promise, order);
  expect(order).toEqual(['files', 'logged out', 'database']);
});
