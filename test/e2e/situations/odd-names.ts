import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';
import { treeOf } from '../../support/tree.ts';

const NAMES = [
  '100% pure.jpg', 'a+b&c=d.jpg', 'hash#tag.jpg', 'question?mark.jpg', 'Ümläut NFC.jpg', 'Ü decomposed.jpg', 'emoji-🖖.jpg', 'quote\'and"double.jpg',
  'back\\slash.jpg', 'back\\', 'new\nline.jpg', 'trailing space ', '…dots..name.jpg', '.hidden.jpg', '%41%20encoded.jpg', `${'l'.repeat(251)}.jpg`,
  '-dash.jpg', 'CON', 'tab\tname.jpg', '[brackets]{x}.jpg', 'مرحبا.jpg', 'a:b.jpg', 'star*.jpg',
]; // prettier-ignore
/** As bytes: Latin-1, Shift-JIS, half of a character, and what looks like a surrogate. */
const BYTES = ['6c6174696e312de92e6a7067', '93fa967b2e6a7067', 'c3', 'e282', 'eda0802e6a7067', 'f0a08080', '61ff62'];

const uploads = (content: string): string => join(content, 'uploads/odd');

export const situation: Situation = {
  promise: 'file names are bytes: each comes through clone, reset and delete as it is, and what does not is told of',
  plant: ({ content }) => {
    const folder = uploads(content);
    mkdirSync(folder, { recursive: true });
    for (const [index, name] of NAMES.entries()) writeFileSync(join(folder, name), `content ${index}\0\xff`);
    for (const hex of BYTES) {
      const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(hex, 'hex')]);
      writeFileSync(path, hex);
      const below = Buffer.concat([path, Buffer.from('-folder')]);
      mkdirSync(below);
      writeFileSync(Buffer.concat([below, Buffer.from('/'), Buffer.from(hex, 'hex')]), `below ${hex}`);
      symlinkSync(Buffer.from(hex, 'hex'), Buffer.concat([path, Buffer.from('-link')]));
    }
    writeFileSync(join(folder, `page-${'x'.repeat(5)}.css`), 'a{}');
    symlinkSync('gone', join(folder, 'dead-link'));
    symlinkSync('/etc/hostname', join(folder, 'outer-link'));
    writeFileSync(join(content, 'wp-config-old-notes.txt'), 'not for everybody');
    return Promise.resolve();
  },
  check: async ({ clone, cli, source }) => {
    const { clone_id: id, warnings } = clone();
    expect(warnings.map(({ code, message }) => `${code} ${message}`).toSorted()).toEqual([
      'SECRET_LEFT_OUT core/wp-content/wp-config-old-notes.txt left out: it may hold secrets of the site.',
      'SYMLINK_OUTSIDE core/wp-content/uploads/odd/dead-link left out: it leads nowhere.',
      'SYMLINK_OUTSIDE core/wp-content/uploads/odd/outer-link left out: it leads out of the copied folders.',
    ]);
    const { 'dead-link': _dead, 'outer-link': _outer, ...expected } = treeOf(uploads(source.content));
    const folder = cli.cloneFolder();
    const www = join(folder, 'www');
    expect(treeOf(uploads(join(www, 'wp-content')))).toEqual(expected);
    await cli.json(['reset', id]);
    expect(treeOf(uploads(join(www, 'wp-content')))).toEqual(expected);
    await cli.json(['delete', id, '--force']);
    expect(existsSync(folder)).toBe(false);
    // Unchanged files of the next clone come from what was kept of this one.
    const login = ['--username', source.adminUser, '--password-file', '-'];
    await cli.json(['clone', source.url, ...login], { input: `${source.adminPassword}\n` });
    expect(treeOf(uploads(join(cli.cloneFolder(), 'www/wp-content')))).toEqual(expected);
  },
};
