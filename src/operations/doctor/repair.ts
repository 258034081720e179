import { rm, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { WpcloneError } from '../../shared/errors.ts';
import { isAccessible } from '../../shared/system.ts';
import type { Check } from './machine.ts';
import { aptNames, detectManager, installCommand, packagesFor, type Part } from './packages.ts';

const PARTS: readonly Part[] = ['mariadb', 'php', 'chromium', 'wordpress'];

/** The parts among `checks` that are missing and that a package manager can bring. */
export function missingParts(checks: readonly Check[]): Part[] {
  const missing = new Set<string>(checks.filter((check) => !check.ok).map((check) => check.name));
  return PARTS.filter((part) => missing.has(part));
}

/** The commands that would install `parts` here; a sentence where we do not know the system. */
export async function repairCommands(parts: readonly Part[]): Promise<string[]> {
  if (parts.length === 0) return [];
  const manager = await detectManager();
  if (manager === undefined) return [`Install with your system's package manager: ${parts.join(', ')}`];
  const packages = packagesFor(parts, manager);
  const commands = packages.length > 0 ? [installCommand(packages, manager, process.getuid?.() === 0)] : [];
  if (manager === 'brew' && parts.includes('wordpress')) commands.push('The demonstration needs Debian or Ubuntu.');
  return commands;
}

/** Whether `installParts` works here. */
export async function canInstall(): Promise<boolean> {
  return process.getuid?.() === 0 && (await detectManager()) === 'apt';
}

/** Installs parts with apt; see `installPackages`. */
export const installParts = (parts: readonly Part[], signal: AbortSignal): Promise<void> =>
  installPackages(packagesFor(parts, 'apt'), signal);

/**
 * Installs packages with apt, as root on Debian or Ubuntu; what apt says goes to stderr. Services that come along are not
 * started: wpclone runs its own servers. Throws INSTALL_FAILED.
 */
export async function installPackages(packages: readonly string[], signal: AbortSignal): Promise<void> {
  const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const apt = async (words: readonly string[]): Promise<void> => {
    const result = await execa('apt-get', [...words], {
      env: environment,
      stdin: 'ignore',
      // stdout is for the result of the command.
      stdout: [2],
      stderr: [2],
      reject: false,
      cancelSignal: signal,
    });
    signal.throwIfAborted();
    if (result.exitCode !== 0) {
      throw new WpcloneError('INSTALL_FAILED', `apt-get ${words[0]} ended with ${result.exitCode ?? 'a signal'}.`);
    }
  };
  const release = await keepServicesStopped();
  try {
    await apt(['update', '-q']);
    await apt(['install', '-q', '-y', '--no-install-recommends', ...(await aptNames(packages, signal))]);
  } finally {
    await release();
  }
}

/** Debian's own way to say that no service may start (invoke-rc.d(8)); an administrator's policy stays as it is. */
async function keepServicesStopped(): Promise<() => Promise<void>> {
  const policy = '/usr/sbin/policy-rc.d';
  if (await isAccessible(policy)) return async () => {};
  await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  return () => rm(policy, { force: true });
}
