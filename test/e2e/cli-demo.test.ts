import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, describe, expect, it } from 'vitest';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import { commandLine } from '../support/cli.ts';

const cli = commandLine();
afterAll(() => cli.stop());

interface Demo {
  readonly source: { readonly url: string; readonly username: string; readonly password: string };
  readonly clone: CloneResult;
}

const status = async (url: string): Promise<number> => {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode;
};

describe('demo', () => {
  it('makes a WordPress, clones it, says what to try next, and can be run again', async () => {
    const first = await cli.json<Demo>(['demo']);
    expect(await status(first.source.url)).toBe(200);
    expect(await status(first.clone.clone_url)).toBe(200);
    expect(first.clone.transferred?.urls_rewritten).toBeGreaterThan(20);

    const { stdout, stderr, code } = await cli.run(['demo']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^✔ configure {2}own keys, mail caught \(/m);
    expect(stdout).toContain(first.source.url);
    for (const next of ['open', 'reset', 'mail']) expect(stdout).toMatch(new RegExp(`wpclone ${next} \\S+`));
  });

  it('--remove takes source and clones away, also when there is nothing', async () => {
    const { clones } = await cli.json<{ clones: { clone_url: string }[] }>(['list']);
    expect(clones).toHaveLength(2);
    const removed = await cli.json<{ clones: string[] }>(['demo', '--remove']);
    expect(removed.clones).toHaveLength(2);
    expect(cli.leftovers()).toEqual([]);
    expect(existsSync(join(cli.home, 'demo'))).toBe(false);
    expect(await cli.json(['demo', '--remove'])).toMatchObject({ clones: [] });
  });

  it('that was cancelled while it made its source leaves nothing', async () => {
    const running = cli.start(['demo']);
    await running.seen(/Making a small WordPress/);
    running.process.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
    expect(existsSync(join(cli.home, 'demo'))).toBe(false);
  });
});
