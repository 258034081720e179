import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { fileChange, filesBelow, sha256, uploadsOf } from '../support/restore-files.ts';
import { changesOf, restoreKey, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let access: SourceAccess;
let uploads: string;
const www = makeTemp('restore-goes-on');

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
  uploads = uploadsOf(source);
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
});
afterAll(() => source.stop());

it('files are gone on with by another key where the first one ran out: nothing is brought twice, and other files begin anew', async () => {
  const key = await restoreKey(source);
  let client = writeClient(access, key);
  const contents = [300_000, 300_001, 300_002].map((size) => randomBytes(size));
  const files = contents.map((content, at) => fileChange(0, `2031/${at}.jpg`, null, content, www));
  const accepted: [number, number, number][] = [];
  let parts = 0;
  /** Counts what a key brings; after `requests` of files it is refused. */
  const counting = (of: WriteClient, requests: number): WriteClient => ({
    ...of,
    stage: async (part, signal) => {
      parts += 1;
      return of.stage(part, signal);
    },
    files: async (pieces, signal) => {
      if ((requests -= 1) < 0) throw new WpcloneError('SIGNATURE_REFUSED', 'It has run out.');
      await of.files(pieces, signal);
      for (const [file, offset, base64] of pieces) accepted.push([file, offset, Buffer.from(base64, 'base64').length]);
    },
  });
  const stageBy = (of: WriteClient, list = files): Promise<unknown> =>
    stageChanges(of, { ...changesOf([], [{ id: 'upload:one', title: 'one' }]), files: list }, { www, signal: never });
  expect((await failureOf(stageBy(counting(client, 1)))).code).toBe('SIGNATURE_REFUSED');
  const [before, brought] = [parts, accepted.length];
  client = writeClient(access, await restoreKey(source, key.restore));
  await stageBy(counting(client, 99));
  expect([parts, brought > 0, accepted.length > brought]).toEqual([before, true, true]);
  for (const [at, { length }] of contents.entries()) {
    const pieces = accepted.filter(([file]) => file === at + 1);
    expect(pieces.reduce((sum, [, offset, size]) => (offset === sum ? sum + size : Number.NaN), 0)).toBe(length);
  }
  const others = contents.map((content, at) => fileChange(0, `2031/${at}.jpg`, null, randomBytes(content.length), www));
  await stageBy(client, others);
  await applyStaged(client, never);
  expect(sha256(Buffer.from(filesBelow(uploads)['2031/1.jpg'] ?? '', 'latin1'))).toBe(others[1]?.after);
  await undoApplied(client, undefined, never);
  expect(Object.keys(filesBelow(uploads)).filter((path) => path.startsWith('2031/'))).toEqual([]);
});
