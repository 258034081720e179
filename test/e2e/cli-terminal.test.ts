import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine, openTerminal, type Terminal } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;
let terminal: Terminal | undefined;

async function open(...args: string[]): Promise<Terminal> {
  await terminal?.close();
  terminal = await openTerminal(cli, args);
  return terminal;
}

/** What is interrupted must not be over before: on a busy machine the key may take longer than the last step does. */
const SLOW_PAGES = `<?php if ( isset( $_SERVER['HTTP_X_WPCLONE_VERIFY'] ) ) sleep( 2 );`;

beforeAll(async () => {
  source = await startSource({ muPlugins: { 'slow-pages.php': SLOW_PAGES } });
});
afterAll(async () => {
  await terminal?.close();
  await cli.stop();
  await source.stop();
});

describe('at a terminal', () => {
  it('clone asks for the password without showing it, draws the steps, and ends with one line', async () => {
    const person = await open('clone', source.url, '--username', source.adminUser, '--name', 'drawn');
    await person.shows(/Password of/);
    await person.type(source.adminPassword);
    expect(await person.shows(/\*{4}/)).not.toContain(source.adminPassword);
    await person.type('Enter');
    const screen = await person.shows(/\[exit 0\]/);
    expect(screen).toMatch(/^✔ connect +WordPress \S+, PHP \S+, \d+ tables/m);
    expect(screen).toMatch(/^✔ provision +local instance in/m);
    expect(screen).toMatch(/^✔ database +.*rows, .*URLs rewritten/m);
    expect(screen).toMatch(/^✔ files +[\d,]+ files/m);
    expect(screen).toMatch(/^✔ configure own keys, mail caught {2}✔ verify$/m);
    expect(screen).toMatch(/^drawn {3}http:\/\/127\.0\.0\.1:\d+ {3}\S+ \/ \*{12} {3}log in: /m);
    expect(screen).not.toContain(source.adminPassword);
  });

  it('pool status --watch fills the screen, does what a key says once it was agreed to, and leaves the screen as it was', async () => {
    const person = await open('pool', 'status', '--watch');
    await person.shows(/^Pool +running +local +min 0, max 0/m);
    await person.type('d');
    await person.shows(/^Remove units without a clone/m);
    await person.type('n');
    await person.shows(/^↑↓ choose/m);
    await person.type('d');
    await person.type('y');
    await person.shows(/^Pool +draining/m);
    await person.type('r');
    await person.shows(/^Pool +running/m);
    await person.type('q');
    expect((await person.shows(/\[exit 0\]/)).trim()).toBe('[exit 0]');
  });

  it('Ctrl-C at the password ends with 130 and leaves nothing of that clone', async () => {
    await cli.json(['disconnect', source.url]);
    const person = await open('clone', source.url, '--username', source.adminUser, '--name', 'unwanted');
    await person.shows(/✔ provision/);
    // Only what is at work turns.
    const asked = await person.shows(/Password of/);
    expect(asked.split('\n').filter((line) => /database|files|configure/.test(line))).toEqual([
      '· database',
      '· files',
      '· configure',
    ]);
    await person.type('C-c');
    const ended = await person.shows(/\[exit 130\]/);
    expect(ended).toMatch(/^· database\n· files\n· configure$/m);
    expect(cli.leftovers().filter((name) => name.includes('unwanted'))).toEqual([]);
  });

  it('Ctrl-C while it copies says that it undoes, and ends with 130', async () => {
    const person = await open('clone', source.url, '--username', source.adminUser, '--name', 'unwanted');
    await person.shows(/Password of/);
    await person.type(source.adminPassword, 'Enter');
    await person.shows(/✔ connect/);
    await person.type('C-c');
    const screen = await person.shows(/\[exit 130\]/);
    expect(screen).toMatch(/Cancelling and undoing/);
    expect(screen).toMatch(/↶ provision +removing unwanted/);
    expect(screen).toMatch(/\(CANCELLED\)/);
    expect(cli.leftovers().filter((name) => name.includes('unwanted'))).toEqual([]);
  });

  it('a failed step is marked, and the error with what to do next stands below', async () => {
    const person = await open('clone', source.url, '--username', source.adminUser, '--name', 'refused');
    await person.shows(/Password of/);
    await person.type('not-the-password', 'Enter');
    const screen = await person.shows(/\[exit 4\]/);
    expect(screen).toMatch(/✖ connect/);
    expect(screen).toMatch(/\(LOGIN_FAILED\)\s+→ /);
  });

  it('delete has the name typed, and does nothing for another one', async () => {
    let person = await open('delete', 'drawn');
    await person.shows(/Type drawn to go on/);
    await person.type('drawm', 'Enter');
    await person.shows(/DECLINED[\s\S]*\[exit 3\]/);
    expect((await cli.run(['show', 'drawn'])).code).toBe(0);
    person = await open('delete', 'drawn');
    await person.shows(/Type drawn to go on/);
    await person.type('drawn', 'Enter');
    await person.shows(/drawn is deleted[\s\S]*\[exit 0\]/);
    expect((await cli.run(['show', 'drawn'])).code).toBe(5);
  });
});
