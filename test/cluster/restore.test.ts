import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { optionOf } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { documentRoot, visit } from './pages.ts';
import { context, HOST, useNamespace } from './support.ts';

const namespace = useNamespace('restore');
const commands = useCommands(namespace);
let source: Source;
let clone: Report;
beforeAll(async () => {
  source = await startSource({ host: HOST });
  clone = await commands.json<Report>(cloneArguments(source, '--name', 'back'), passwordOf(source));
});
afterAll(() => source.stop());

const titleOf = (): Promise<unknown> => optionOf(source, 'blogname');

/** Runs PHP in the clone, with WordPress loaded. */
async function php(code: string): Promise<void> {
  const file = join(await documentRoot(namespace, clone), 'probe.php');
  writeFileSync(file, `<?php require __DIR__ . '/wp-load.php'; ${code}`, { mode: 0o644 });
  const { statusCode, body } = await visit(namespace, clone, '/probe.php');
  rmSync(file);
  await body.dump();
  expect(statusCode).toBe(200);
}

test('what was changed in a pod goes back to the live site, without what came there meanwhile, and can be taken back', async () => {
  await php("update_option( 'blogname', 'From the pod' );");
  await source.query("UPDATE wp_options SET option_value = 'Meanwhile' WHERE option_name = 'blogdescription'");
  const plan = await commands.json(['restore', 'back', '--dry-run']);
  expect(plan).toMatchObject({ changes: 1, conflicts: 0, items: [{ id: 'option:blogname' }] });
  const before = await titleOf();
  const login = ['--username', source.adminUser, '--yes'];
  const applied = await commands.json<{ restore: { restore_id: string } }>(
    ['restore', 'back', ...login],
    passwordOf(source),
  );
  expect(applied.restore).toMatchObject({ status: 'applied', clone_id: 'back', rows: { wp_options: 1 } });
  expect(await titleOf()).toBe('From the pod');
  await commands.json(['restore', 'undo', applied.restore.restore_id, ...login], passwordOf(source));
  expect(await titleOf()).toBe(before);
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
});

test('a clone that is read for a restore is held: nobody resets, removes or restores it, and its end waits', async () => {
  const runtime = await namespace.runtime();
  const own = context({ jobId: 'job-a.1' });
  const lease = await runtime.takeForRestore('back', own);
  const other = context();
  for (const work of [
    () => runtime.takeForReset('back', other),
    () => runtime.takeForRestore('back', other),
    () => runtime.remove('back', other),
  ])
    await expect(work()).rejects.toMatchObject({ code: 'BUSY' });
  await runtime.extend('back', Date.now() - 600_000, other);
  expect(await runtime.sweep(other)).toEqual([]);
  await runtime.extend('back', Date.now() + 600_000, other);
  // The next attempt of the same job need not wait for the hold of one that died.
  const next = await runtime.takeForRestore('back', context({ jobId: 'job-a.2' }));
  await lease.release(own);
  await expect(runtime.takeForReset('back', other)).rejects.toMatchObject({ code: 'BUSY' });
  await next.release(own);
  await (await runtime.takeForRestore('back', other)).release(other);
  await runtime.remove('back', other);
});
