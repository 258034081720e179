import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;
let clone: CloneResult;

beforeAll(async () => {
  source = await startSource({ posts: 3 });
  const words = ['clone', source.url, '-u', source.adminUser, '--name', 'first', '--password-file', '-'];
  clone = await cli.json<CloneResult>(words, { input: source.adminPassword });
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

const printedLink = async (): Promise<string> => (await cli.run(['open', 'first', '--print'])).stdout.trim();
const cookiesOf = async (link: string): Promise<string> => String((await request(link)).headers['set-cookie']);

describe('the clone', () => {
  it('is opened by a fresh link each time, which works once', async () => {
    const [one, two] = [await printedLink(), await printedLink()];
    expect(one).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?wpclone-login=\S+$/);
    expect(two).not.toBe(one);
    expect(await cookiesOf(one)).toContain('wordpress_logged_in');
    expect(await cookiesOf(one)).not.toContain('wordpress_logged_in');
    expect(await cookiesOf(two)).toContain('wordpress_logged_in');
  });

  it('is opened in the browser of a desktop, whose arguments do not hold the link; without one the link is printed', async () => {
    expect((await cli.run(['open', 'first'])).stdout).toContain('?wpclone-login=');
    expect(existsSync(join(cli.home, 'open.html'))).toBe(false);

    const seen = join(cli.home, 'opened');
    writeFileSync(join(cli.home, 'xdg-open'), `#!/bin/sh\necho "$@" > "${seen}"\n`, { mode: 0o755 });
    const environment = { DISPLAY: ':99', PATH: `${cli.home}:${process.env['PATH']}` };
    const { stdout } = await cli.run(['open', 'first'], { environment });
    expect(stdout).toContain(`Opened ${clone.clone_url} in the browser.`);
    const opened = readFileSync(seen, 'utf8').trim();
    expect(opened).toBe(join(cli.home, 'open.html'));
    expect(statSync(opened).mode & 0o777).toBe(0o600);
    const link = /url=(http:[^"]+)"/.exec(readFileSync(opened, 'utf8'))?.[1] ?? '';
    expect(await cookiesOf(link)).toContain('wordpress_logged_in');
  });
});
