import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/colors.ts';
import { examine } from '../../src/operations/doctor/checks.ts';
import type { Check } from '../../src/operations/doctor/machine.ts';
import { detectManager, installCommand, packagesFor } from '../../src/operations/doctor/packages.ts';
import { missingParts } from '../../src/operations/doctor/repair.ts';
import { doctorText } from '../../src/cli/presenters/doctor.ts';
import { makeTemp } from '../support/temp.ts';

const check = (name: Check['name'], ok: boolean, required = true): Check => ({
  name,
  ok,
  required,
  detail: `about ${name}`,
});
const plain = colorsFor({ isTTY: false }, [], {});

describe('what is missing', () => {
  it('is installed by its packages; what no package brings is not among them', () => {
    const checks = [
      check('node', true),
      check('mariadb', false),
      check('home', false),
      check('chromium', false, false),
    ];
    expect(missingParts(checks)).toEqual(['mariadb', 'chromium']);
  });

  it.each([
    [
      'apt',
      false,
      /^sudo apt-get update && sudo apt-get install --no-install-recommends .*mariadb-server-core.* php-mysql/,
    ],
    ['apt', true, /^apt-get update && apt-get install/],
    ['dnf', false, /^sudo dnf install mariadb-server .*php-mysqlnd/],
    ['pacman', false, /^sudo pacman -S --needed mariadb php/],
    ['brew', false, /^brew install mariadb php$/],
  ] as const)('has a command for %s (root: %s)', (manager, root, command) => {
    expect(installCommand(packagesFor(['mariadb', 'php'], manager), manager, root)).toMatch(command);
  });

  it('is printed with the commands, and readiness only when nothing needed is missing', () => {
    const fix = ['brew install php'];
    const missing = doctorText({ ok: false, checks: [check('node', true), check('php', false)], fix }, plain);
    expect(missing).toMatch(/^✔ {2}node[\s\S]*^✖ {2}php {3}about php[\s\S]*^ {2}brew install php$/m);
    expect(missing).not.toContain('ready');
    const optional = doctorText({ ok: true, checks: [check('chromium', false, false)], fix: [] }, plain);
    expect(optional).toMatch(/^! {2}chromium[\s\S]*ready/);
  });
});

describe('a program', () => {
  const folder = makeTemp('programs');
  for (const name of ['php', 'mariadbd', 'mariadb-install-db', 'my_print_defaults']) {
    writeFileSync(join(folder, name), '#!/bin/sh\nexec /bin/sleep 60\n', { mode: 0o755 });
  }
  const machine = (signal: AbortSignal) => ({ home: folder, environment: { PATH: folder }, signal });

  it('that does not end is one that does not run', async () => {
    const checks = await examine(machine(new AbortController().signal), 'clone');
    const detail = expect.stringContaining('does not run');
    expect(checks.filter(({ ok, required }) => required && !ok)).toMatchObject([
      { name: 'mariadb', detail },
      { name: 'php', detail },
    ]);
  });

  it('that does not end does not keep anybody from cancelling', async () => {
    const stop = new AbortController();
    const reason = new Error('Cancelled.');
    const examined = examine(machine(stop.signal), 'clone');
    setImmediate(() => stop.abort(reason));
    await expect(examined).rejects.toBe(reason);
  });
});

describe('the package manager', () => {
  it('of a Mac is brew', async () => {
    expect(await detectManager('darwin')).toBe('brew');
  });
});
