import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { localLayout } from '../../src/runtime/local/layout.ts';
import { CLONE_STEPS } from '../../src/shared/events.ts';
import { commandLine, type Running } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp, run } from '../support/temp.ts';
import { workContext } from '../support/work.ts';

const cli = commandLine();
let source: Source;

/** A step that is interrupted must not be over before: on a busy machine the signal may take longer than the last one does. */
const SLOW_PAGES = `<?php if ( isset( $_SERVER['HTTP_X_WPCLONE_VERIFY'] ) ) sleep( 2 );`;

beforeAll(async () => {
  source = await startSource({ muPlugins: { 'slow-pages.php': SLOW_PAGES } });
  await cli.json(['list']);
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

function startClone(...more: string[]): Running {
  return cli.start(['clone', source.url, '-u', source.adminUser, '--events', ...more], {
    environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword },
  });
}

const openFilesOf = (pid = 0): string[] =>
  readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return '';
    }
  });
const begun = (step: string): RegExp => new RegExp(`"type":"step-started","step":"${step}"`);
const pluginIsThere = async (): Promise<boolean> =>
  (await source.php('echo implode(",", get_option("active_plugins"));')).includes('wpclone');

describe('Ctrl-C', () => {
  it.each(CLONE_STEPS)(
    'during %s ends with 130, undoes everything here and takes the plugin off the source',
    async (step) => {
      const running = startClone();
      await running.seen(begun(step));
      running.process.kill('SIGINT');
      const { stdout, code } = await running.finished;
      expect(code).toBe(130);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.at(-1)).toMatchObject({ type: 'error', error: { code: 'CANCELLED' } });
      expect(cli.leftovers()).toEqual([]);
      expect(await pluginIsThere()).toBe(false);
    },
  );

  it('ends with 130 and undoes everything here also when the source says nothing any more', async () => {
    const silent = await startSource({ muPlugins: { 'slow-pages.php': SLOW_PAGES } });
    onTestFinished(() => silent.stop());
    const running = cli.start(['clone', silent.url, '-u', silent.adminUser, '--events'], {
      environment: { WPCLONE_SOURCE_PASSWORD: silent.adminPassword },
    });
    await running.seen(begun('database'));
    silent.mariadb.freeze();
    running.process.kill('SIGINT');
    const { stdout, code } = await running.finished;
    expect(code).toBe(130);
    expect(stdout).toContain('"code":"DISCONNECT_FAILED"');
    expect(cli.leftovers()).toEqual([]);
  });

  it('says when the clone cannot be removed now, and the next command removes it', async () => {
    const running = startClone('--name', 'held');
    await running.seen(begun('verify'));
    const somebody = await connectAsAdministrator(localLayout(cli.home), workContext());
    await somebody.query('START TRANSACTION');
    const database = cli.leftovers().find((name) => name.startsWith('wpclone_')) ?? '';
    await somebody.query(`SELECT * FROM ${database}.wp_options`);
    running.process.kill('SIGINT');
    const { stdout, code } = await running.finished;
    expect(code).toBe(130);
    expect(stdout).toContain('"code":"REMOVAL_FAILED"');
    expect(cli.leftovers()).not.toEqual([]);
    await somebody.end();
    await cli.run(['list']);
    expect(cli.leftovers()).toEqual([]);
  });

  it('ends with 130 while the password is still to come through a pipe', async () => {
    const pipe = join(makeTemp('pipe'), 'password');
    await run(['mkfifo', pipe]);
    // Both ends, so that it neither waits for somebody to write nor comes to its end.
    const held = openSync(pipe, constants.O_RDWR);
    onTestFinished(() => closeSync(held));
    const running = cli.start(['clone', source.url, '-u', source.adminUser, '--password-file', pipe]);
    await expect.poll(() => openFilesOf(running.process.pid)).toContain(pipe);
    running.process.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
  });

  it('twice ends at once; the next command removes what is left', async () => {
    const running = startClone();
    await running.seen(begun('database'));
    running.process.kill('SIGINT');
    await running.seen(/Cancelling/);
    running.process.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
    expect(await cli.json(['list'])).toEqual({ clones: [] });
    expect(cli.leftovers()).toEqual([]);
  });

  it('by SIGTERM, as a CI system sends it, ends with 143 and undoes everything', async () => {
    const running = startClone();
    await running.seen(begun('files'));
    running.process.kill('SIGTERM');
    expect((await running.finished).code).toBe(143);
    expect(cli.leftovers()).toEqual([]);
  });
});

describe('kill -9', () => {
  it.each(CLONE_STEPS)('during %s leaves a half-made clone that the next command finds and removes', async (step) => {
    const running = startClone();
    await running.seen(begun(step));
    running.process.kill('SIGKILL');
    expect((await running.finished).signal).toBe('SIGKILL');
    const { stdout, code } = await cli.run(['list', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, { clones: [] }]);
    expect(cli.leftovers()).toEqual([]);
  });

  it('does not keep the next clone from being made', async () => {
    const running = startClone();
    await running.seen(begun('database'));
    running.process.kill('SIGKILL');
    await running.finished;
    const clone = await cli.json<CloneResult>(['clone', source.url, '-u', source.adminUser], {
      environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword },
    });
    expect(clone.status).toBe('ready');
    const { clones } = await cli.json<{ clones: unknown[] }>(['list']);
    expect(clones).toHaveLength(1);
  });

  it('during a reset leaves a clone that lets nobody in and is not called ready, until the next reset', async () => {
    const clone = await cli.json<CloneResult>(['clone', source.url, '-u', source.adminUser], {
      environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword },
    });
    const { clone_id: id, clone_url: url } = clone;
    const runs = readdirSync(join(cli.home, 'clones')).map((unit) => join(cli.home, 'clones', unit, 'run'));
    const servedAt = `"port":${new URL(url).port}`;
    const served = runs.find((folder) => readFileSync(join(folder, 'web-server.json'), 'utf8').includes(servedAt));
    const frozen = join(served ?? '', 'frozen');
    const running = cli.start(['reset', id]);
    await expect.poll(() => existsSync(frozen), { interval: 1, timeout: 30_000 }).toBe(true);
    running.process.kill('SIGKILL');
    expect((await running.finished).signal).toBe('SIGKILL');

    expect(await cli.json(['show', id])).toMatchObject({ status: 'resetting' });
    const { stdout, code } = await cli.run(['open', id, '--json']);
    expect([code, JSON.parse(stdout).error]).toEqual([
      5,
      expect.objectContaining({
        code: 'NOT_READY',
        next_steps: expect.arrayContaining([expect.stringContaining(`wpclone reset ${id}`)]),
      }),
    ]);
    expect((await fetch(url)).status).toBe(503);
    expect(await cli.json(['reset', id])).toMatchObject({ status: 'ready' });
    expect((await fetch(url)).status).toBe(200);
  });
});
