import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packagePath } from '../../../src/shared/package-root.ts';
import { packReleases } from '../../../src/transfer/releases/pack.ts';
import { openRelease } from '../../../src/transfer/releases/release.ts';
import { makeTemp } from '../../support/temp.ts';

function wordpress(folder: string, version: string): void {
  mkdirSync(join(folder, 'wp-includes'), { recursive: true });
  writeFileSync(join(folder, 'wp-includes/version.php'), `<?php\n$wp_version = '${version}';\n`);
  writeFileSync(join(folder, 'index.php'), `<?php // ${version}`);
  writeFileSync(join(folder, 'wp-config.php'), '<?php // secrets');
}

test('each WordPress in a folder becomes a release of its version, without a configuration', async () => {
  const [from, to, files] = [makeTemp('from'), makeTemp('to'), makeTemp('files')];
  for (const version of ['6.8.3', '6.9-RC1']) wordpress(join(from, version), version);
  mkdirSync(join(from, 'other'));
  expect((await packReleases(from, to)).toSorted()).toEqual(['6.8.3', '6.9-RC1']);

  mkdirSync(join(files, 'packs'));
  const release = await openRelease(to, '6.9-RC1', files);
  const found = release.find({ root: 'core', path: 'index.php', size: 16 });
  expect(found).toMatchObject({ pack: 'release-6.9-RC1', offset: 0, size: 16 });
  expect(readFileSync(join(files, 'packs/release-6.9-RC1.pack'), 'utf8').slice(0, 16)).toBe('<?php // 6.9-RC1');
  const others = [
    { root: 'core', path: 'index.php', size: 17 },
    { root: 'content', path: 'index.php', size: 16 },
    { root: 'core', path: 'wp-config.php', size: 16 },
  ];
  expect(others.map((file) => release.find(file))).toEqual([undefined, undefined, undefined]);
});

test('no WordPress makes no release, as where the image is built without any', async () => {
  expect(await packReleases(makeTemp('from'), join(makeTemp('to'), 'releases'))).toEqual([]);
});

test('what packs them runs before there is any other code of ours in the image', () => {
  const code = readFileSync(packagePath('src', 'transfer', 'releases', 'pack.ts'), 'utf8');
  expect([...code.matchAll(/from '(?!node:)/g)]).toEqual([]);
});
