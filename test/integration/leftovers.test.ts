import { readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import type * as removing from '../../src/shared/remove-tree.ts';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { leaveFiles } from '../../src/transfer/files/left.ts';
import { makeFileSite, type FileSite } from '../support/file-site.ts';
import { makeTemp, run } from '../support/temp.ts';

/** The disk lets go of nothing whose path ends so. For the administrator of a machine, as whom tests may run, no real one can be had. */
const stays: { end?: string } = vi.hoisted(() => ({}));
vi.mock('../../src/shared/remove-tree.ts', async (original) => {
  const real = await original<typeof removing>();
  const removeTree = async (path: string | Buffer): Promise<void> => {
    if (stays.end !== undefined && path.toString().endsWith(stays.end)) throw new Error('it is held by something');
    await real.removeTree(path);
  };
  return { removeTree };
});

const { signal } = new AbortController();

async function fileSite(): Promise<FileSite> {
  const made = await makeFileSite('for i in $(seq 5); do echo $i > f$i.php; done');
  onTestFinished(() => made.remove());
  return made;
}

const expectWhole = async (site: FileSite, number: number): Promise<void> =>
  expect(await run(['bash', '-c', `diff -r '${site.source}' '${site.site(number).paths.www}' || true`])).toBe('');

test('what an earlier clone left and nothing removes is a warning of the next one', async () => {
  const site = await fileSite();
  await site.copy(1);
  const files = join(makeTemp('left'), 'files');
  await leaveFiles(site.site(1).paths, files, signal);
  stays.end = '/left';
  onTestFinished(() => void delete stays.end);
  const { warnings } = await site.copy(2, { earlier: [{ baseline: '', files }] });
  expect(warnings).toEqual([{ code: 'REMOVAL_FAILED', message: expect.stringContaining('held by something') }]);
  await expectWhole(site, 2);
});

test('a store that cannot be read, or that takes nothing, is a warning of the clone that meets it', async () => {
  const site = await fileSite();
  await site.copy(1);
  const { store = '' } = site.site(1);
  writeFileSync(join(store, 'manifest.jsonl'), '{"kind":"file"}\nnull\n');
  const second = await site.copy(2);
  expect(second.warnings).toEqual([{ code: 'FILES_NOT_KEPT', message: expect.stringMatching(/earlier clones/) }]);
  await expectWhole(site, 2);
  // It is mended by then.
  expect(await site.copy(3)).toMatchObject({ reused: 5, warnings: [] });
  rmSync(store, { recursive: true });
  writeFileSync(store, 'no folder');
  const { warnings } = await site.copy(4);
  expect(warnings).toEqual(
    [/earlier clones/, /next clone/].map((message) => ({
      code: 'FILES_NOT_KEPT',
      message: expect.stringMatching(message),
    })),
  );
  await expectWhole(site, 4);
});

test('a copy that fails at its beginning leaves no file open', async () => {
  const site = await fileSite();
  const failing = {
    baseline: '',
    get files(): string {
      throw new Error('what is there is not known');
    },
  };
  await expect(site.copy(1, { earlier: [failing] })).rejects.toThrow('not known');
  const open = readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return [];
    }
  });
  expect(open.filter((path) => path.startsWith(site.site(1).paths.baseline))).toEqual([]);
});
