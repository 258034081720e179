#!/usr/bin/env node
// Kept to what old versions of Node.js can parse, so that they get a plain message instead of a syntax error.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

// The young part of the heap stays at its first megabyte instead of growing to 32: a command is short, and content lies outside.
setFlagsFromString('--semi-space-growth-factor=1');

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
  const { main } = await import('../dist/cli/main.js');
  await main(argv, new URL('..', import.meta.url));
}
