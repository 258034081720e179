import { examine } from './checks.ts';
import type { Check, Machine } from './machine.ts';
import { canInstall, installParts, missingParts, repairCommands } from './repair.ts';

export interface DoctorReport {
  /** Nothing that is needed is missing. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** Commands that install what is missing. */
  readonly fix: readonly string[];
}

/**
 * Looks at what this machine has. With `install` it first installs what is missing, where it can: with apt, as root on
 * Debian or Ubuntu. Throws INSTALL_FAILED.
 */
export async function runDoctor(
  machine: Machine,
  options: { readonly purpose: 'clone' | 'demo'; readonly install: boolean },
): Promise<DoctorReport> {
  let checks = await examine(machine, options.purpose);
  const missing = missingParts(checks);
  if (options.install && missing.length > 0 && (await canInstall())) {
    await installParts(missing, machine.signal);
    checks = await examine(machine, options.purpose);
  }
  return {
    ok: checks.every((check) => check.ok || !check.required),
    checks,
    fix: await repairCommands(missingParts(checks)),
  };
}
