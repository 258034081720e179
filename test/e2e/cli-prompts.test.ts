import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandLine, openTerminal } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;
beforeAll(async () => {
  source = await startSource();
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

it('at a terminal the address is enough: clone asks for the name and the password', async () => {
  const person = await openTerminal(cli, ['clone', source.url, '--name', 'asked']);
  try {
    await person.shows(/Administrator of the source:/);
    await person.type(source.adminUser, 'Enter');
    await person.shows(/Password of the source:/);
    await person.type(source.adminPassword, 'Enter');
    const screen = await person.shows(/\[exit 0\]/);
    expect(screen).toMatch(/^asked {3}http:/m);
    expect(screen).not.toContain('Administrator of');
    expect(screen).not.toContain(source.adminPassword);
  } finally {
    await person.close();
  }
});

it('without a terminal it says that the name is missing', async () => {
  await cli.run(['disconnect', source.url]);
  const { stdout, code } = await cli.run(['clone', source.url, '--json']);
  expect([code, JSON.parse(stdout).error.message]).toEqual([2, expect.stringContaining('--username')]);
});
