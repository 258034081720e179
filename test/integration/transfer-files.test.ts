import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFileSite, type FileSite } from '../support/file-site.ts';
import { makeTemp, run } from '../support/temp.ts';

async function fileSite(setUp: string): Promise<FileSite> {
  const made = await makeFileSite(setUp);
  onTestFinished(() => made.remove());
  return made;
}

/** What differs between two folders, as `diff` says it; '' when nothing does. */
const difference = (one: string, other: string): Promise<string> =>
  run(['bash', '-c', `diff -r --no-dereference '${one}' '${other}' || true`]);

const timeOf = (folder: string, path: string): number => Math.floor(statSync(join(folder, path)).mtimeMs / 1000);

const CONTENT = `
  mkdir -p wp-includes/js wp-content/plugins/x wp-content/uploads/2024/05
  for i in $(seq 50); do head -c $((i * 977)) /dev/urandom > wp-includes/f$i.php; done
  head -c 3000000 /dev/urandom > wp-content/uploads/2024/05/film.mp4
  : > wp-content/uploads/2024/05/empty.txt`;

test('files arrive whole, with their time and permissions, and reset brings them back', async () => {
  const site = await fileSite(
    `${CONTENT}; chmod 0400 wp-includes/f1.php; chmod 0755 wp-includes/f2.php; chmod 0666 wp-includes/f3.php; chmod 0775 wp-content/plugins`,
  );
  const result = await site.copy(1);
  const { www } = site.site(1).paths;
  expect(result).toMatchObject({ files: 52, reused: 0, warnings: [] });
  expect(await difference(site.source, www)).toBe('');
  const mode = (path: string): number => statSync(join(www, path)).mode & 0o777;
  expect([
    mode('wp-includes/f1.php'),
    mode('wp-includes/f2.php'),
    mode('wp-includes/f3.php'),
    mode('wp-content/plugins'),
  ]).toEqual([0o600, 0o755, 0o666, 0o775]);
  expect(timeOf(www, 'wp-includes/f9.php')).toBe(timeOf(site.source, 'wp-includes/f9.php'));

  writeFileSync(join(www, 'wp-includes/f4.php'), 'changed in place');
  rmSync(join(www, 'wp-content/uploads'), { recursive: true });
  writeFileSync(join(www, 'added.php'), 'added');
  await site.reset(1);
  expect(await difference(site.source, www)).toBe('');
  expect(readdirSync(join(www, '..')).toSorted()).toEqual(['baseline', 'www']);
});

test('a reset leaves alone what nobody touched, and is not taken in by what only looks untouched', async () => {
  const site = await fileSite(
    `${CONTENT}; mkdir wp-content/themes; ln -s plugins wp-content/link; touch wp-content/themes/t`,
  );
  await site.copy(1);
  const { www } = site.site(1).paths;
  const outside = makeTemp('outside');
  await run([
    'bash',
    '-euc',
    `cd '${www}'; echo mine > '${outside}/f'; times() { touch -r "${site.source}/$1" "$1"; }
     printf x | dd of=wp-includes/f2.php conv=notrunc status=none; times wp-includes/f2.php
     cp -p wp-includes/f3.php x; rm wp-includes/f3.php; mv x wp-includes/f3.php
     chmod 000 wp-includes/f4.php wp-content/plugins/x
     ln wp-includes/f5.php '${outside}/linked'
     rm -r wp-content/uploads; ln -s '${outside}' wp-content/uploads
     rm wp-content/link; ln -s '${outside}' wp-content/link
     rm -r wp-content/themes; echo file > wp-content/themes; mkdir -p added/'${'n'.repeat(200)}'`,
  ]);
  const numbers = () => run(['bash', '-c', `cd '${www}' && stat -c '%i %w %n' wp-includes/f{1,2,3,4,5,6}.php`]);
  const before = (await numbers()).split('\n');
  await site.reset(1);
  const after = (await numbers()).split('\n');
  expect(await difference(site.source, www)).toBe('');
  expect(readFileSync(join(outside, 'f'), 'utf8')).toBe('mine\n');
  expect(after.map((line, index) => line === before[index]).slice(0, 6)).toEqual([
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
  // What the first reset wrote is known to the second.
  await site.reset(1);
  expect((await numbers()).split('\n')).toEqual(after);
  rmSync(www, { recursive: true });
  await run(['ln', '-s', outside, www]);
  await site.reset(1);
  expect(await difference(site.source, www)).toBe('');
  expect(readdirSync(outside).toSorted()).toEqual(['f', 'linked']);
});

test('a second clone asks only for files that changed', async () => {
  const site = await fileSite(CONTENT);
  await site.copy(1);
  await run([
    'bash',
    '-euc',
    `cd '${site.source}'; echo changed > wp-includes/f7.php; echo new > wp-includes/new.php; rm wp-includes/f8.php; touch -d '1 hour ago' wp-includes/f7.php wp-includes/new.php`,
  ]);
  const second = await site.copy(2);
  expect(second.asked.files.map(({ path }) => path).toSorted()).toEqual(['wp-includes/f7.php', 'wp-includes/new.php']);
  expect(second).toMatchObject({ files: 52, reused: 50, warnings: [] });
  expect(await difference(site.source, site.site(2).paths.www)).toBe('');
});

test('a file that changed just before it was listed is not trusted the next time', async () => {
  const site = await fileSite(CONTENT);
  writeFileSync(join(site.source, 'wp-includes/f7.php'), 'one');
  const then = Date.now();
  await site.copy(1, { now: () => then });
  expect((await site.copy(2)).asked.files.map(({ path }) => path)).toContain('wp-includes/f7.php');
});

test('a clone’s baseline does not depend on other clones or the store', async () => {
  const site = await fileSite(CONTENT);
  await site.copy(1);
  await site.copy(2);
  rmSync(join(site.site(1).paths.baseline), { recursive: true });
  rmSync(join(site.site(1).store ?? ''), { recursive: true });
  writeFileSync(join(site.site(2).paths.www, 'wp-includes/f1.php'), 'changed');
  await site.reset(2);
  expect(await difference(site.source, site.site(2).paths.www)).toBe('');
});

test('a damaged pack is noticed, and its files are fetched', async () => {
  const site = await fileSite(CONTENT);
  await site.copy(1);
  const packs = join(site.site(1).store ?? '', 'packs');
  for (const name of readdirSync(packs))
    await run(['bash', '-c', `printf XXXX | dd of='${join(packs, name)}' bs=1 seek=100 conv=notrunc status=none`]);
  const second = await site.copy(2);
  expect(second.asked.files.length).toBeGreaterThan(0);
  expect(second.asked.files.length).toBeLessThan(5);
  expect(await difference(site.source, site.site(2).paths.www)).toBe('');
});

test('a pack is taken unread for what it was written as, where its number, size and time say that nobody has written to it', async () => {
  const site = await fileSite(CONTENT);
  await site.copy(1);
  const packs = join(site.site(1).store ?? '', 'packs');
  for (const name of readdirSync(packs))
    await run([
      'bash',
      '-euc',
      `cd '${packs}'; touch -r '${name}' ../time; printf XXXX | dd of='${name}' bs=1 seek=100 conv=notrunc status=none; touch -r ../time '${name}'`,
    ]);
  const second = await site.copy(2);
  expect([second.reused, second.asked.files]).toEqual([second.files, []]);
  expect(await difference(site.source, site.site(2).paths.www)).not.toBe('');
  // A reset reads all that it writes.
  await run(['rm', '-r', join(site.site(2).paths.www, 'wp-includes'), join(site.site(2).paths.www, 'wp-content')]);
  await expect(site.reset(2)).rejects.toMatchObject({ code: 'STATE_FAILED' });
});

test('packs that no manifest names are removed, and those that hold little are left behind', async () => {
  const site = await fileSite(CONTENT);
  await site.copy(1);
  const packs = join(site.site(1).store ?? '', 'packs');
  const first = readdirSync(packs);
  await run([
    'bash',
    '-euc',
    `cd '${site.source}'; for i in $(seq 50); do echo $i > wp-includes/f$i.php; done; echo x > wp-content/uploads/2024/05/film.mp4; touch -d '1 hour ago' wp-includes/* wp-content/uploads/2024/05/*; echo y > wp-content/uploads/2024/05/empty.txt`,
  ]);
  await site.copy(2);
  await site.copy(3);
  expect(readdirSync(packs).filter((name) => first.includes(name))).toEqual([]);
  await site.reset(3);
  expect(await difference(site.source, site.site(3).paths.www)).toBe('');
});

test('generated text in uploads is rewritten; what is kept for the next clone is the original', async () => {
  const text = `a{background:url(https://old.example/wp-content/uploads/a.png)}`;
  const site = await fileSite(`mkdir -p wp-content/uploads/elementor/css wp-content/plugins/x
    printf '%s' '${text}' | tee wp-content/uploads/elementor/css/post-1.css > wp-content/plugins/x/x.css
    printf '{"u":"https:\\\\/\\\\/old.example\\\\/a"}' > wp-content/uploads/x.json; printf '%s' 'b{}' > wp-content/uploads/plain.css`);
  const read = (number: number, path: string): string =>
    readFileSync(join(site.site(number).paths.www, 'wp-content', path), 'utf8');
  const first = await site.copy(1);
  expect(first.urlsRewritten).toBe(2);
  expect(read(1, 'uploads/elementor/css/post-1.css')).toBe(
    text.replace('https://old.example', 'http://localhost:8101'),
  );
  expect(read(1, 'uploads/x.json')).toBe('{"u":"http:\\/\\/localhost:8101\\/a"}');
  expect(read(1, 'plugins/x/x.css')).toBe(text);
  const second = await site.copy(2, { cloneUrl: 'http://localhost:8102' });
  expect(second.asked.files).toEqual([]);
  expect(read(2, 'uploads/elementor/css/post-1.css')).toBe(
    text.replace('https://old.example', 'http://localhost:8102'),
  );
  writeFileSync(join(site.site(2).paths.www, 'wp-content/uploads/elementor/css/post-1.css'), 'x');
  await site.reset(2);
  expect(read(2, 'uploads/elementor/css/post-1.css')).toBe(
    text.replace('https://old.example', 'http://localhost:8102'),
  );
});

test('wp-config.php and its copies, caches, other tools’ backups and excluded paths stay at the source', async () => {
  const site =
    await fileSite(`touch wp-config.php wp-config.php.bak .wp-config.php.swp wp-config-old.php wp-config-sample.php index.php
    mkdir -p wp-content/{cache,updraft,ai1wm-backups,upgrade,uploads/private/deep,plugins/wpclone-migrator,plugins/cache}
    touch wp-content/{cache,updraft,ai1wm-backups,upgrade,uploads/private/deep,plugins/wpclone-migrator,plugins/cache}/f wp-content/debug.log`);
  await site.copy(1, { task: { excludePaths: ['wp-content/uploads/priv*'] } });
  const found = await run(['bash', '-c', `cd '${site.site(1).paths.www}'; find . -type f | sort`]);
  expect(found.split('\n').filter(Boolean)).toEqual([
    './index.php',
    './wp-config-sample.php',
    './wp-content/plugins/cache/f',
  ]);
});

test.each(['wp-content/uploads/private', '/wp-content/uploads/**', 'blog/wp-content/uploads', '**/private'])(
  'of a site in a folder, %s excludes what a person means by it',
  async (pattern) => {
    const site = await fileSite('mkdir -p wp-content/uploads/private; touch index.php wp-content/uploads/private/f');
    const info = { ...site.info, roots: [{ id: 'core', path: site.source, place: 'blog' }] };
    await site.copy(1, { task: { info, excludePaths: [pattern] } });
    const found = await run(['bash', '-c', `cd '${site.site(1).paths.www}'; find . -type f`]);
    expect(found.trim()).toBe('./blog/index.php');
  },
);

test('with --media proxy uploads are folders only', async () => {
  const site = await fileSite(CONTENT);
  const result = await site.copy(1, { task: { media: 'proxy' } });
  expect(result.files).toBe(50);
  expect(readdirSync(join(site.site(1).paths.www, 'wp-content/uploads/2024'))).toEqual(['05']);
  expect(readdirSync(join(site.site(1).paths.www, 'wp-content/uploads/2024/05'))).toEqual([]);
});

test('names with colons, quotes, line breaks and emoji are kept', async () => {
  const names = [`a:b?"c'.txt`, 'new\nline.txt', '🖖 ü.txt', ' lead', '-rf', 'back`tick$(x)', 'CON'];
  const site = await fileSite('true');
  for (const name of names) writeFileSync(join(site.source, 'wp-content/uploads', name), name);
  const { warnings } = await site.copy(1);
  expect(warnings).toEqual([]);
  expect(await difference(site.source, site.site(1).paths.www)).toBe('');
});

test('a symbolic link within the site is made again, and nothing is written through it', async () => {
  const site = await fileSite(
    'mkdir -p a/b; echo x > a/b/f; ln -s a/b link; ln -s ../b/f a/b2; ln -s nowhere broken; mkdir c; ln -s ../a/b/f c/f',
  );
  const { warnings } = await site.copy(1);
  expect(warnings).toEqual([]);
  expect(await difference(site.source, site.site(1).paths.www)).toBe('');
  await site.reset(1);
  expect(await difference(site.source, site.site(1).paths.www)).toBe('');
});

test('cancelling ends at once and the next try starts clean', async () => {
  const site = await fileSite(CONTENT);
  const controller = new AbortController();
  const cancelled = site.copy(1, { context: { signal: controller.signal, progress: () => controller.abort() } });
  await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
  await site.copy(1);
  expect(await difference(site.source, site.site(1).paths.www)).toBe('');
});

test('a full disk is DISK_FULL and names the place', async () => {
  const site = await fileSite(CONTENT);
  const mount = makeTemp('full');
  await run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount]);
  onTestFinished(async () => void (await run(['umount', '-l', mount])));
  mkdirSync(join(site.site(1).paths.www, '..'), { recursive: true });
  await run(['ln', '-s', mount, site.site(1).paths.www]);
  await expect(site.copy(1)).rejects.toMatchObject({ code: 'DISK_FULL', details: { path: site.site(1).paths.www } });
});
