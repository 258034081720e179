import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../../src');

/** Prints the packages that are loaded with an agent and the runtime of this machine. */
const PROGRAM = `
import { registerHooks } from 'node:module';
const packages = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});
await import('${SOURCE}/agent/daemon/run.ts');
await import('${SOURCE}/runtime/local/runtime.ts');
console.log([...packages].join(' '));
process.exit();
`;

test('an agent that nobody asks for anything has loaded no client of sites and no driver of databases: they are its jobs’', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM]);
  const packages = stdout.trim().split(' ');
  expect(packages).toContain('fastify');
  expect(packages.filter((name) => /^(undici|mysql2|playwright-core|@kubernetes\/client-node)$/.test(name))).toEqual(
    [],
  );
});
