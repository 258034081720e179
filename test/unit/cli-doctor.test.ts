import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/colors.ts';
import type { Check } from '../../src/operations/doctor/checks.ts';
import { detectManager, installCommand, packagesFor } from '../../src/operations/doctor/packages.ts';
import { missingParts } from '../../src/operations/doctor/repair.ts';
import { doctorText } from '../../src/cli/presenters/doctor.ts';

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

describe('the package manager', () => {
  it('of a Mac is brew', async () => {
    expect(await detectManager('darwin')).toBe('brew');
  });
});
