import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FileChange } from '../../../src/restore/changes.ts';
import { PIECE_BYTES, sendFiles } from '../../../src/restore/write/files.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import type { FilePiece } from '../../../src/site/write/client.ts';
import { sha256 } from '../../support/restore-files.ts';
import { makeTemp } from '../../support/temp.ts';
import { failureOf } from '../../support/work.ts';

const signal = new AbortController().signal;

/** What a site would put together that takes no more than `most` bytes of JSON at once. */
function site(most: number) {
  const files = new Map<number, Buffer>();
  const requests: number[] = [];
  const take = async (pieces: readonly FilePiece[]): Promise<void> => {
    const size = JSON.stringify(pieces).length;
    if (size > most) throw new WpcloneError('SOURCE_BLOCKED', 'too large', { details: { status: 413 } });
    requests.push(size);
    for (const [file, offset, base64] of pieces) {
      const has = files.get(file) ?? Buffer.alloc(0);
      expect(offset).toBe(has.length);
      files.set(file, Buffer.concat([has, Buffer.from(base64, 'base64')]));
    }
  };
  return { files, requests, client: { files: take } };
}

function fileOf(www: string, name: string, content: Buffer): FileChange {
  writeFileSync(join(www, name), content);
  return { item: 0, path: name, place: name, before: null, after: sha256(content), size: content.length };
}

const bytes = (size: number, seed: number): Buffer => Buffer.alloc(size, seed);

it('brings small files together and large ones in pieces', async () => {
  const www = makeTemp('send-files');
  const contents = [
    bytes(10, 1),
    bytes(0, 0),
    bytes(3 * PIECE_BYTES + 5, 2),
    ...Array.from({ length: 300 }, () => bytes(9, 3)),
  ];
  const files = contents.map((content, at) => fileOf(www, `f${at}`, content));
  const gone = { item: 0, path: 'gone', place: 'gone', before: 'x', after: null, size: 0 };
  const { client, files: had, requests } = site(Infinity);
  let sent = 0;
  await sendFiles(client, [...files, gone], { www, signal, sent: (more) => (sent += more) });
  expect([...had.values()]).toEqual([...contents, Buffer.alloc(0)]);
  expect(sent).toBe(contents.reduce((sum, { length }) => sum + length, 0));
  expect(requests.length).toBeLessThan(8);
});

it('brings less at once where the web server takes no more, and gives up where it takes nothing', async () => {
  const www = makeTemp('send-files');
  const contents = [bytes(1_000_000, 1), bytes(50_000, 2), bytes(20, 3)];
  const files = contents.map((content, at) => fileOf(www, `f${at}`, content));
  const { client, files: had } = site(100_000);
  await sendFiles(client, files, { www, signal });
  expect([...had.values()]).toEqual(contents);
  expect((await failureOf(sendFiles(site(1000).client, files, { www, signal }))).code).toBe('SOURCE_BLOCKED');
});

it('brings what is written in place of the clone’s own, and nothing that changed since the plan', async () => {
  const www = makeTemp('send-files');
  const file = fileOf(www, 'page.json', Buffer.from('of the clone'));
  const content = Buffer.from('of the live site');
  const { client, files: had } = site(Infinity);
  await sendFiles(client, [{ ...file, after: sha256(content), size: content.length, content }], { www, signal });
  expect([...had.values()]).toEqual([content]);
  for (const other of ['shorter', 'as long as it', 'much longer than it was'])
    for (const place of ['page.json', 'nowhere', '../page.json']) {
      writeFileSync(join(www, 'page.json'), other);
      expect((await failureOf(sendFiles(client, [{ ...file, place }], { www, signal }))).code).toBe('PLAN_OUTDATED');
    }
});
