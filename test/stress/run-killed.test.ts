import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.119', posts: 3 });
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

it('of a run that lived long and was killed with -9 nothing is left after its lease, though its command goes on', async () => {
  const script = 'echo $$ >&2; exec sleep 420';
  const running = cli.start(['run', source.url, '-u', source.adminUser, '--', 'sh', '-c', script], {
    environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword },
  });
  await running.seen(/✔ verify[\s\S]*\d/);
  // Longer than one lease: it is only there because it was renewed.
  await new Promise((resolve) => setTimeout(resolve, 150_000));
  expect((await cli.json<{ clones: object[] }>(['list'])).clones).toMatchObject([{ status: 'ready' }]);
  running.process.kill('SIGKILL');
  await once(running.process, 'exit');
  // Nobody asks for anything: what removes it is the keeper.
  await expect.poll(() => cli.leftovers(), { timeout: 150_000, interval: 1000 }).toEqual([]);
});
