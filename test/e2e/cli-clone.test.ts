import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloneReport, CloneResult } from '../../src/operations/clone-report.ts';
import { CLONE_STEPS } from '../../src/shared/events.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** A plugin that writes to PHP's error log. */
const SHOUT = `<?php /* Plugin Name: Shout */ add_action('init', function () { if (isset($_GET['shout'])) error_log('SHOUT ' . $_GET['shout']); });`;

const cli = commandLine();
let source: Source;
let clone: CloneResult;
/** A clone that ends within a minute, as it was shown before. */
let brief: CloneReport;

beforeAll(async () => {
  source = await startSource({ host: '127.0.0.111', plugins: { 'shout/shout.php': SHOUT } });
  clone = await cli.json<CloneResult>(
    ['clone', source.url, '-u', source.adminUser, '--name', 'first', '--password-file', '-'],
    {
      input: `${source.adminPassword}\n`,
    },
  );
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

const page = async (url: string): Promise<{ status: number; text: string }> => {
  const { statusCode, body } = await request(url);
  return { status: statusCode, text: await body.text() };
};

describe('clone --json', () => {
  it('prints one object with the names that scripts rely on', () => {
    const seconds = Object.fromEntries([...CLONE_STEPS, 'total'].map((step) => [step, expect.any(Number)]));
    expect(clone).toMatchObject({
      clone_id: 'first',
      status: 'ready',
      clone_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      username: expect.any(String),
      password: expect.stringMatching(/.{12,}/),
      login_url: expect.stringContaining(`${clone.clone_url}/?wpclone-login=`),
      runtime: 'local',
      source: {
        url: source.url,
        wordpress_version: expect.stringMatching(/^\d/),
        php_version: expect.stringMatching(/^\d/),
      },
      timings: seconds,
      transferred: {
        tables: expect.any(Number),
        rows: expect.any(Number),
        files: expect.any(Number),
        rows_moved: expect.any(Number),
        files_moved: expect.any(Number),
        bytes: expect.any(Number),
        urls_rewritten: expect.any(Number),
      },
    });
    expect(new Date(clone.expires_at).toISOString()).toBe(clone.expires_at);
    const minutes = (Date.parse(clone.expires_at) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(28);
    expect(minutes).toBeLessThanOrEqual(30);
    expect(clone.transferred?.rows).toBeGreaterThan(100);
    expect(clone.password).not.toBe(source.adminPassword);
  });

  it('made a site that answers under its own address', async () => {
    const { status, text } = await page(clone.clone_url);
    expect(status).toBe(200);
    expect(text).toContain('Paper Street Soap');
    expect(text).not.toContain(`127.0.0.111:${source.port}/`);
  });
});

describe('a clone', () => {
  it('is listed and shown, its password only when asked for', async () => {
    const { clones } = await cli.json<{ clones: CloneReport[] }>(['list']);
    expect(clones.map((one) => one.clone_id)).toContain('first');
    const outputs = await Promise.all([
      cli.run(['list']),
      cli.run(['list', '--json']),
      cli.run(['show', 'first']),
      cli.run(['show', 'first', '--json']),
    ]);
    for (const { stdout, stderr, code } of outputs) {
      expect(code).toBe(0);
      expect(stdout).toContain('first');
      expect(stdout + stderr).not.toContain(clone.password);
    }
    expect(await cli.json(['show', 'first', '--show-password'])).toMatchObject({ password: clone.password });
    expect((await cli.run(['show', 'first', '--show-password'])).stdout).toContain(clone.password);
  });

  it('ends later when it is extended', async () => {
    const report = await cli.json<CloneReport>(['extend', 'first', '3h']);
    const hours = (Date.parse(report.expires_at) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(2.9);
    expect(hours).toBeLessThanOrEqual(3);
    expect((await cli.run(['extend', 'first', '2h'])).stdout).toContain(
      'first ends in 120 min'.replace('120 min', '2 h'),
    );
  });

  it('catches mail, which mail lists and prints', async () => {
    const address = `${clone.clone_url}/wp-login.php?action=lostpassword`;
    await request(address, {
      method: 'POST',
      body: new URLSearchParams({ user_login: clone.username }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const { messages } = await cli.json<{ messages: { id: string; subject: string }[] }>(['mail', 'first']);
    expect(messages).toHaveLength(1);
    const [{ id, subject } = { id: '', subject: '' }] = messages;
    expect((await cli.run(['mail', 'first'])).stdout).toContain(id);
    const whole = await cli.run(['mail', 'first', id]);
    expect(whole.stdout).toContain(`Subject: ${subject}`);
    expect(whole.stdout).toContain('action=rp');
    expect((await cli.run(['mail', 'first', 'no-such-mail'])).code).toBe(5);
  });

  it('has logs, without what a transfer alone left there', async () => {
    await page(`${clone.clone_url}/?shout=once`);
    const { stdout, code } = await cli.run(['logs', 'first']);
    expect(code).toBe(0);
    expect(stdout).toContain('SHOUT once');
    expect(stdout).not.toContain('Aborted connection');
    const { lines } = await cli.json<{ lines: string[] }>(['logs', 'first']);
    expect(lines.join('\n')).toContain('SHOUT once');
  });

  it('has logs that can be followed until Ctrl-C, which is no failure of the clone', async () => {
    const following = cli.start(['logs', 'first', '--follow']);
    await following.seen(/./);
    await page(`${clone.clone_url}/?shout=again`);
    await following.seen(/SHOUT again/);
    following.process.kill('SIGINT');
    expect(await following.finished).toMatchObject({ code: 130, stderr: '' });
  });

  it('is reset to the moment it was cloned, with the same address and password', async () => {
    const before = await page(clone.clone_url);
    const report = await cli.json<CloneReport>(['reset', 'first']);
    expect(report).toMatchObject({ clone_id: 'first', status: 'ready', clone_url: clone.clone_url });
    expect((await page(clone.clone_url)).status).toBe(before.status);
    expect(await cli.json(['mail', 'first'])).toEqual({ messages: [] });
    expect(await cli.json(['show', 'first', '--show-password'])).toMatchObject({ password: clone.password });
  });
});

describe('a second clone', () => {
  it('may not take the name of the first', async () => {
    const { stdout, code } = await cli.run(['clone', source.url, '--name', 'first', '--json']);
    expect([code, JSON.parse(stdout).error.code]).toEqual([5, 'NAME_TAKEN']);
    expect((await page(clone.clone_url)).status).toBe(200);
  });

  it('of a known source needs no password, and says in lines what happens; the result alone is on stdout', async () => {
    const { stdout, stderr, code } = await cli.run(['clone', source.url, '--name', 'second', '--ttl', '1m']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^second {3}http:\/\/127\.0\.0\.1:\d+ {3}\S+ \/ \*{12} {3}log in: http:\S+ {3}ends in 1 min\n$/,
    );
    for (const step of CLONE_STEPS) expect(stderr).toMatch(new RegExp(`^✔ ${step} `, 'm'));
    expect(stdout + stderr).not.toContain('\u001b');
    brief = await cli.json<CloneReport>(['show', 'second']);
  });

  it('is found by its address without http:// and with a slash at its end, too', async () => {
    const again = await cli.json<CloneResult>(['clone', `${source.url.replace('http://', '')}/`]);
    expect(again).toMatchObject({ source: { url: source.url }, connected_by: 'known-key' });
    const { rows = 0, rows_moved = rows, files = 0, files_moved = files } = again.transferred ?? {};
    expect(rows_moved).toBeLessThan(rows / 2);
    expect(files_moved).toBeLessThan(files / 2);
    await cli.json(['delete', again.clone_id, '--force']);
  });

  it('--quiet says nothing but the result', async () => {
    const { stdout, stderr, code } = await cli.run(['clone', source.url, '--name', 'quiet', '--quiet']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^quiet /);
  });

  it('--events prints JSON lines, the last of which is the result', async () => {
    const { stdout, code } = await cli.run(['clone', source.url, '--name', 'third', '--events']);
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ type: 'result', clone_id: 'third', status: 'ready' });
    const finished = events.filter((event) => event.type === 'step-finished').map((event) => event.step);
    expect(new Set(finished)).toEqual(new Set(CLONE_STEPS));
  });

  it('and a third at the same moment get names, ports and databases of their own', async () => {
    const both = await Promise.all([1, 2].map(() => cli.json<CloneResult>(['clone', source.url])));
    expect(new Set(both.map((one) => one.clone_id)).size).toBe(2);
    expect(new Set(both.map((one) => one.clone_url)).size).toBe(2);
    const pages = await Promise.all(both.map((one) => page(one.clone_url)));
    expect(pages.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('a password', () => {
  it('from the environment is never printed, nor seen by the programs that are started', async () => {
    const other = commandLine();
    try {
      const { stdout, stderr, code } = await other.run(['clone', source.url, '-u', source.adminUser, '--debug'], {
        environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword },
      });
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain(source.adminPassword);
      const seen = other.processes().map(({ words, environment }) => words + environment);
      expect(seen.length).toBeGreaterThan(1);
      expect(seen.filter((text) => text.includes(source.adminPassword))).toEqual([]);
      // Each wpclone has a key of its own; the plugin stays while one was used lately.
      await other.json(['disconnect', source.url]);
    } finally {
      await other.stop();
    }
  });

  it('that is missing is not asked for without a terminal', async () => {
    const other = commandLine();
    const { stdout, code } = await other.run(['clone', source.url, '-u', source.adminUser, '--json']);
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'PASSWORD_MISSING']);
    expect(other.leftovers()).toEqual([]);
    await other.stop();
  });

  it('that is wrong ends with exit code 4 and leaves nothing', async () => {
    const other = commandLine();
    const { stdout, stderr, code } = await other.run(
      ['clone', source.url, '-u', source.adminUser, '--password-file', '-', '--json'],
      {
        input: 'wrong-password',
      },
    );
    expect([code, JSON.parse(stdout).error.code]).toEqual([4, 'LOGIN_FAILED']);
    expect(stdout + stderr).not.toContain('wrong-password');
    expect(other.leftovers()).toEqual([]);
    await other.stop();
  });
});

describe('the end', () => {
  it('of a clone comes by itself, although no wpclone is called', async () => {
    await sleep(Math.max(0, Date.parse(brief.expires_at) - Date.now()));
    const answer = await request(brief.clone_url).catch(() => undefined);
    // When this comes late, the clone is gone and another may have its port.
    const status = answer?.headers['x-wpclone-instance'] === 'second' ? answer.statusCode : 'gone';
    expect([410, 'gone']).toContain(status);
    const deadline = Date.now() + 60_000;
    while (cli.leftovers().some((name) => name.includes('second')) && Date.now() < deadline) await sleep(200);
    expect(cli.leftovers().filter((name) => name.includes('second'))).toEqual([]);
  });

  it('of a clone is not brought about without a terminal unless forced', async () => {
    const refused = await cli.run(['delete', 'first', '--json']);
    expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([3, 'CONFIRMATION_MISSING']);
    expect(await cli.json(['delete', 'first', '--force'])).toEqual({ clone_id: 'first', deleted: true });
    expect(cli.leftovers().filter((name) => name.includes('first'))).toEqual([]);
    expect((await cli.run(['show', 'first'])).code).toBe(5);
  });

  it('of the plugin on the source comes with disconnect', async () => {
    const plugins = async (): Promise<string> => source.php('echo implode(",", get_option("active_plugins"));');
    expect(await plugins()).toContain('wpclone');
    expect(await cli.json(['disconnect', source.url])).toMatchObject({ removed: true });
    expect(await plugins()).not.toContain('wpclone');
    expect(await cli.json(['disconnect', source.url])).toMatchObject({ removed: false });
    expect((await cli.run(['disconnect', source.url])).stdout).toContain('add --username');
    const login = ['-u', source.adminUser, '--password-file', '-'];
    const looked = await cli.run(['disconnect', source.url, ...login], { input: source.adminPassword });
    expect(looked.stdout).toBe(`There was no wpclone plugin on ${source.url}.\n`);
  });
});
