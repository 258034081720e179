import { delimiter } from 'node:path';
import { expect, it } from 'vitest';
import { withSystemFolders } from '../../src/runtime/local/programs.ts';

it('an installer looks for its programs in no folder that it happens to be in, also without a PATH', () => {
  for (const path of ['', 'bin', '.:/usr/own', '/usr/own::bin']) {
    const folders = withSystemFolders(path).split(delimiter);
    expect(folders.filter((folder) => !folder.startsWith('/'))).toEqual([]);
    expect(folders.includes('/usr/own')).toBe(path.includes('/usr/own'));
  }
});
