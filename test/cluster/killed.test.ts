import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSource, type Source } from '../support/source/index.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { documentRoot, listensAt, visit } from './pages.ts';
import { eventually, HOST, killContainer, useNamespace } from './support.ts';

const namespace = useNamespace('killed');
const commands = useCommands(namespace);
let source: Source;

beforeAll(async () => {
  source = await startSource({ host: HOST, posts: 3 });
});
afterAll(() => source.stop());

/** Writes into the clone's database and tells what is there; with `?read` it only tells. */
const PROBE = `<?php require __DIR__ . '/wp-load.php';
if ( ! isset( $_GET['read'] ) ) update_option( 'probe', 'kept' );
echo get_option( 'probe' ), ' ', defined( 'EDITED' ) ? 'edited' : 'as it was made';`;

test('what was changed in a clone is there after each of its containers was killed', async () => {
  const clone = await commands.json<Report>(cloneArguments(source), passwordOf(source));
  const pod = await namespace.podName(clone.clone_id);
  const page = async (path: string): Promise<string> => {
    const { statusCode, body } = await visit(namespace, clone, path);
    return `${statusCode} ${await body.text()}`;
  };
  const www = await documentRoot(namespace, clone);
  writeFileSync(`${www}/probe.php`, PROBE, { mode: 0o644 });
  const config = readFileSync(`${www}/wp-config.php`, 'utf8');
  writeFileSync(`${www}/wp-config.php`, config.replace('<?php', "<?php define( 'EDITED', true );"));
  expect(await page('/probe.php')).toBe('200 kept edited');

  for (const container of ['database', 'sidecar', 'web']) {
    await killContainer(namespace, pod, container);
    const isBack = async () => {
      const statuses = (await namespace.get(`pods/${pod}`))?.status?.containerStatuses;
      const status = statuses?.find(({ name }) => name === container);
      return status?.restartCount === 1 && status.ready ? true : undefined;
    };
    await eventually(isBack, `${container} is back`, 60_000);
    // A database that has just been started recovers first.
    await expect.poll(() => page('/probe.php?read'), { timeout: 60_000 }).toBe('200 kept edited');
  }
  await eventually(() => listensAt(namespace, pod, clone.clone_url), 'WordPress can call itself again');
  await commands.json(['reset', clone.clone_id]);
  expect(await page('/probe.php')).toMatch(/^404/);
  expect(await page('/')).toMatch(/^200/);
});
