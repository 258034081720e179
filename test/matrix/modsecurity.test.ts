import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import { commandLine } from '../support/cli.ts';
import { startModsecurity, type Modsecurity } from '../support/foreign/modsecurity.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;
let wall: Modsecurity;
beforeAll(async () => {
  source = await startSource();
  wall = await startModsecurity(source);
});
afterAll(async () => {
  await cli.stop();
  await wall?.stop();
  await source?.stop();
});

it('a site behind ModSecurity with the core rules is cloned twice and left again, and no rule matches anything of it', async () => {
  const clone = (): Promise<CloneResult> =>
    cli.json<CloneResult>(['clone', wall.url, '-u', source.adminUser, '--password-file', '-'], {
      input: `${source.adminPassword}\n`,
    });
  const first = await clone();
  const second = await clone();
  await cli.run(['disconnect', wall.url]);
  expect(wall.matches()).toEqual([]);
  const [posts] = await source.query('SELECT COUNT(*) AS n FROM wp_posts');
  for (const made of [first, second]) {
    expect(made).toMatchObject({ status: 'ready', verified: true });
    expect(made.transferred?.rows).toBeGreaterThan(Number(posts?.['n']));
  }
  expect(first.transferred?.files).toBeGreaterThan(1000);

  // The wall stands: it refuses what it is made for, and says so a moment later.
  const attack = await request(`${wall.url}/?s=${encodeURIComponent("' OR 1=1 -- <script>alert(1)</script>")}`);
  await attack.body.dump();
  expect(attack.statusCode).toBe(403);
  await expect.poll(() => wall.matches()).not.toEqual([]);
});
