import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { factsOf } from '../../src/transfer/baseline/facts.ts';
import { leaveFiles } from '../../src/transfer/files/left.ts';
import { makeFileSite, type FileSite } from '../support/file-site.ts';
import { makeTemp, run } from '../support/temp.ts';

const CONTENT = `
  mkdir -p wp-includes/js wp-content/plugins/x wp-content/uploads/2024/05 gone/deep
  for i in $(seq 60); do head -c $((i * 977)) /dev/urandom > wp-includes/f$i.php; done
  head -c 3000000 /dev/urandom > wp-content/uploads/2024/05/film.mp4
  echo '{"a":"http:\\/\\/example.com\\/x"}' > wp-content/uploads/page.json
  : > wp-content/uploads/empty.txt; echo x > gone/deep/y; ln -s wp-includes link; chmod 0755 wp-includes/f2.php`;

async function fileSite(): Promise<FileSite> {
  const made = await makeFileSite(CONTENT);
  onTestFinished(() => made.remove());
  return made;
}

const { signal } = new AbortController();
const shell = (script: string): Promise<string> => run(['bash', '-euc', script]);
const difference = (one: string, other: string): Promise<string> =>
  shell(`diff -r --no-dereference '${one}' '${other}' || true`);
const inodes = (folder: string): Promise<string> =>
  shell(`cd '${folder}'; find . -type f ! -name page.json -printf '%P %i %T@ %m\\n' | sort`);

/** A clone that is removed, after something was done to it. */
async function removed(site: FileSite, number: number, script = ''): Promise<string> {
  await site.copy(number);
  const { paths } = site.site(number);
  await shell(`cd '${paths.www}'; ${script}`);
  const folder = join(makeTemp('left'), 'files');
  await leaveFiles(paths, folder, signal);
  return folder;
}

test('what a removed clone left is moved to its place, and neither written again nor fetched', async () => {
  const site = await fileSite();
  const files = await removed(site, 1);
  const before = await inodes(join(files, 'www'));
  const second = await site.copy(2, { earlier: [{ baseline: '', files }] });
  const { www, baseline } = site.site(2).paths;
  expect(await inodes(www)).toBe(before);
  expect([second.reused, second.asked.files]).toEqual([second.files, []]);
  expect(await difference(site.source, www)).toBe('');
  expect([existsSync(files), readdirSync(join(baseline, 'files')).includes('left')]).toEqual([false, false]);
  // It is the new clone's alone, and what tells whether somebody touched it is known of it.
  expect(statSync(join(www, 'wp-includes/f2.php')).nlink).toBe(1);
  await shell(`cd '${www}'; echo mine > wp-includes/f9.php; rm -r wp-content/uploads`);
  const kept = statSync(join(www, 'wp-includes/f8.php')).ino;
  await site.reset(2);
  expect(await difference(site.source, www)).toBe('');
  expect(statSync(join(www, 'wp-includes/f8.php')).ino).toBe(kept);
});

test('nothing that a clone changed or wrote itself is left behind or comes into the next one', async () => {
  const site = await fileSite();
  const outside = makeTemp('outside');
  const files = await removed(
    site,
    1,
    `times() { touch -r "${site.source}/$1" "$1"; }
     head -c 977 /dev/zero > wp-includes/f1.php; times wp-includes/f1.php
     echo secret > wp-config.php; mkdir wp-content/mine; echo secret > wp-content/mine/f
     cp -r wp-content/uploads '${outside}/'; rm -r wp-content/uploads; ln -s '${outside}/uploads' wp-content/uploads
     mv wp-includes/f7.php wp-includes/f8.php; ln wp-includes/f9.php '${outside}/f9'; rm link; ln -s '${outside}' link`,
  );
  expect(await shell(`grep -rl secret '${files}' || true`)).toBe('');
  expect(existsSync(join(files, 'www/wp-content/uploads'))).toBe(false);
  const second = await site.copy(2, { earlier: [{ baseline: '', files }] });
  expect([second.reused, second.asked.files]).toEqual([second.files, []]);
  expect(await difference(site.source, site.site(2).paths.www)).toBe('');
  expect(statSync(join(site.site(2).paths.www, 'wp-includes/f9.php')).nlink).toBe(1);
  expect(existsSync(join(outside, 'uploads/2024/05/film.mp4'))).toBe(true);
});

test('whatever happened at the source, the next clone has what a first one would have', async () => {
  const site = await fileSite();
  const files = await removed(site, 1);
  const { source } = site;
  // The times that a site gives are whole seconds; what changed so shortly before is not trusted, but here the clock is an hour ahead.
  const changed = Math.floor(statSync(join(source, 'wp-includes/f3.php')).ctimeMs / 1000);
  while (Math.floor(Date.now() / 1000) <= changed) await sleep(20);
  // The same size and time, with another content; only the kernel's own time tells.
  await shell(`cd '${source}'
    t=$(stat -c %y wp-includes/f3.php); head -c $((3 * 977)) /dev/urandom > wp-includes/f3.php; touch -d "$t" wp-includes/f3.php
    chmod 0700 wp-includes/f4.php; touch wp-includes/f5.php; rm wp-includes/f6.php; mkdir wp-includes/f6.php; echo x > wp-includes/f6.php/x
    rm -r gone; echo now a file > gone; mv wp-includes/f10.php wp-includes/f11.php; cp -p wp-includes/f12.php wp-includes/new.php; rm link; mkdir link`);
  await site.copy(2, { earlier: [{ baseline: '', files }] });
  const { www } = site.site(2).paths;
  expect(await difference(source, www)).toBe('');
  const facts = (folder: string) =>
    shell(`cd '${folder}'; find . -type f -printf '%P %s %T@ %m\\n' | sed 's/[.]0* / /' | sort`);
  const whole = (text: string) => text.replaceAll(/(\d+)\.\d+ (\d+)$/gm, '$1 $2');
  expect(whole(await facts(www))).toBe(whole(await facts(source)));
});

test('of two clones that begin at once one has the files that were left, and both are whole', async () => {
  const site = await fileSite();
  const files = await removed(site, 1);
  const both = await Promise.all([2, 3].map((number) => site.copy(number, { earlier: [{ baseline: '', files }] })));
  for (const number of [2, 3]) expect(await difference(site.source, site.site(number).paths.www)).toBe('');
  expect(both.map(({ asked }) => asked.files)).toEqual([[], []]);
});

const DAMAGE: Readonly<Record<string, (files: string, packs: string) => void>> = {
  'the list is cut off': (files) => truncateSync(join(files, 'list.jsonl'), 200),
  'the list names other digests': (files) => {
    const list = join(files, 'list.jsonl');
    writeFileSync(list, readFileSync(list, 'utf8').replaceAll(/[0-9a-f]"\]$/gm, 'e"]'));
  },
  'the list names other places': (files) => {
    const list = join(files, 'list.jsonl');
    writeFileSync(
      list,
      readFileSync(list, 'utf8').replaceAll('f1', 'f2').replaceAll('"wp-includes', '"../wp-includes'),
    );
  },
  'a file was written to, and has its time again': (files) => {
    const file = join(files, 'www/wp-includes/f20.php');
    const { atime, mtime, size } = statSync(file);
    writeFileSync(file, Buffer.alloc(size));
    utimesSync(file, atime, mtime);
  },
  'the packs are damaged': (_, packs) => {
    for (const pack of readdirSync(packs)) {
      const bytes = readFileSync(join(packs, pack));
      bytes.fill(0, Math.floor(bytes.length / 2));
      writeFileSync(join(packs, pack), bytes);
    }
  },
  'files are gone': (files) => rmSync(join(files, 'www/wp-includes'), { recursive: true }),
};

test.each(Object.keys(DAMAGE))('it costs only time when %s', async (what) => {
  const site = await fileSite();
  const files = await removed(site, 1);
  DAMAGE[what]?.(files, join(site.site(1).store ?? '', 'packs'));
  await site.copy(2, { earlier: [{ baseline: '', files }] });
  const { www } = site.site(2).paths;
  expect(await difference(site.source, www)).toBe('');
  await shell(`rm -r '${www}/wp-includes' '${www}/wp-content'`);
  await site.reset(2);
  expect(await difference(site.source, www)).toBe('');
  expect(lstatSync(join(www, 'link')).isSymbolicLink()).toBe(true);
});

test('a clone whose code forges what says which files are as they were written brings none of them into the next one', async () => {
  const site = await fileSite();
  await site.copy(1);
  const { paths } = site.site(1);
  const path = join(paths.www, 'wp-includes/f1.php');
  const { mtime } = statSync(path);
  writeFileSync(path, 'E'.repeat(977));
  utimesSync(path, mtime, mtime);
  const written = join(paths.baseline, 'files/written.jsonl');
  const facts = factsOf(lstatSync(path, { bigint: true }));
  const lines = readFileSync(written, 'utf8').replace(
    /\["wp-includes\/f1\.php","[^"]*"/,
    `["wp-includes/f1.php","${facts}"`,
  );
  writeFileSync(written, lines);
  expect(lines).toContain(facts);
  const files = join(makeTemp('left'), 'files');
  await leaveFiles(paths, files, signal);
  await site.copy(2, { earlier: [{ baseline: '', files }] });
  expect(await difference(site.source, site.site(2).paths.www)).toBe('');
});
