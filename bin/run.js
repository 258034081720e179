#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=4 --min-semi-space-size=4 --liftoff-only --initial-heap-size=56 --heap-growing-percent=40 --no-parallel-scavenge
// Content passes in memory that is used again, so that a young heap of 4 MB a half is enough, and glibc need not set aside a heap for each
// thread; it has that size from the beginning, since while it grows what is looked through is copied more often. Compiling WebAssembly (which
// parses HTTP's heads) a second time, for speed, would take 13 MB. Up to 56 MB, where a transfer is anyhow, nobody looks through the old heap: a
// command's start alone went through it four times. Then it grows by no more than 40 % before it is looked through; by itself it would grow
// fourfold. The young one is looked through by one thread: what there is to do takes less than waiting until others, on processors that are busy
// with the clone's servers, have done their part. And what a few seconds do not run often is not compiled for speed, which took a third of a second.
// Linux before 5.1 reads 127 characters of the first line, which is where the fourth flag ends; later ones read 255.
// Kept to what old versions of Node.js can parse, so that they get a plain message instead of a syntax error.
import { existsSync, readFileSync } from 'node:fs';
import * as modules from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

// It was for this process: servers that it starts have threads of their own.
delete process.env.MALLOC_ARENA_MAX;
const argv = process.argv.slice(2);
const [major, minor] = process.versions.node.split('.').map(Number);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`wpclone ${version} ${process.platform}-${process.arch} node-v${process.versions.node}\n`);
} else if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(
    `wpclone needs Node.js 22.15 or newer; this is ${process.versions.node}.\nInstall a newer one from https://nodejs.org and run the command again.\n`,
  );
  process.exitCode = 1;
} else {
  // In the first line old versions would refuse them, and say nothing of what is needed.
  setFlagsFromString('--invocation-count-for-maglev=1200');
  setFlagsFromString('--invocation-count-for-turbofan=10000');
  // No other thread is waited for that frees what buffers held.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  // Half of a command's start is compiling its libraries. The folder is the user's own: what is in it is run.
  const { HOME, XDG_CACHE_HOME } = process.env;
  const ownCache = XDG_CACHE_HOME && XDG_CACHE_HOME.startsWith('/');
  const top = ownCache ? XDG_CACHE_HOME : HOME;
  // Below a folder that cannot be made, as in /proc, Node.js tries for ever.
  if (top && existsSync(top)) modules.enableCompileCache(join(top, ownCache ? '' : '.cache', 'wpclone', 'code'));
  const { main } = await import('../dist/cli/main.js');
  await main(argv, new URL('..', import.meta.url));
}
