import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesOfFolder } from '../../../src/sidecar/tenancy/files.ts';
import { readWebReport } from '../../../src/sidecar/tenancy/web-report.ts';
import { makeTemp } from '../../support/temp.ts';

const REPORT = [
  'process 1 0 /bin/bash entrypoint.sh web',
  'process 17 1 php-fpm: master process (/opt/php-fpm.conf)      ',
  'process 19 17 php-fpm: pool www   ',
  'process 20 17 php-fpm: pool www   ',
  'process 21 17 php-fpm: master process (/opt/php-fpm.conf)      ',
  'left s 660 /tmp/php-fpm.sock 0 ',
  'report done',
];

test('how many workers PHP has at the moment tells nothing of a unit; one that somebody else began does', () => {
  const { processes, ...rest } = readWebReport(REPORT.join('\n'));
  expect(processes).toEqual([
    '/bin/bash entrypoint.sh web, begun by nobody',
    'php-fpm: master process (/opt/php-fpm.conf), begun by /bin/bash entrypoint.sh web',
  ]);
  expect(rest).toEqual({ 'web-tmp': ['s 660 /tmp/php-fpm.sock 0 '] });
  const disguised = readWebReport([...REPORT, 'process 30 1 php-fpm: pool www'].join('\n')).processes;
  expect(disguised).toContain('php-fpm: pool www, begun by /bin/bash entrypoint.sh web');
  const twice = readWebReport([...REPORT, 'process 31 1 /bin/bash entrypoint.sh web'].join('\n')).processes;
  expect(twice).toHaveLength(3);
});

test('what cannot be looked at is told of as such, and keeps nobody from looking at the rest', async () => {
  const lines = await linesOfFolder(join(makeTemp('look'), 'gone'));
  expect(lines).toEqual(['it cannot be told (ENOENT) what there is in ""']);
});

test('a folder is told of with modes, contents and targets, a link is not followed, and no name can pass for two lines', async () => {
  const folder = makeTemp('look');
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'a\nfile 644 "b"'), 'one');
  symlinkSync('/etc', join(folder, 'link'));
  chmodSync(join(folder, 'sub'), 0o750);
  const lines = await linesOfFolder(folder);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe('link "link" "/etc"');
  expect(lines[1]).toBe('folder 750 "sub"');
  expect(lines[2]).toMatch(/^file 644 "sub\/a\\nfile 644 \\"b\\"" 3 [0-9a-f]{32}$/);
  writeFileSync(join(folder, 'sub', 'a\nfile 644 "b"'), 'two');
  expect(await linesOfFolder(folder)).not.toEqual(lines);
});
