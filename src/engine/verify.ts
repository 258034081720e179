import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { Warning } from '../shared/events.ts';
import { CHECKS, type Finding } from '../shared/findings.ts';
import type { DatabaseResult, PullTask, VerifyResult, VerifyTask } from '../instance/types.ts';
import type { Instance } from '../runtime/leases.ts';
import type { Pipeline } from './pipeline.ts';

/** Compares the clone with its source; what differs is told, and only fails the step when that was asked for. */
export function verify(
  pipeline: Pipeline,
  instance: Instance,
  task: VerifyTask,
  strict: boolean,
): Promise<VerifyResult> {
  return pipeline.step('verify', async (step) => {
    const value = await instance.operations.verify(task, step);
    const { findings } = value;
    if (strict && findings.length > 0) throw refusedStrictly(findings);
    warn(step.work, [...value.warnings, ...findings]);
    if (findings.length === 0) return { value, message: CHECKS.join(', ') };
    const checks = new Set(findings.map(({ check }) => check));
    return { value, message: `kept, but not as the source: ${[...checks].join(', ')}` };
  });
}

/** Throws VERIFY_FAILED when nothing of a database came along that has something in it: such a copy is of no use. */
export function refuseEmpty({ info, excludeTables }: PullTask, { rows }: DatabaseResult): void {
  const expected = info.tables.some((table) => table.rows > 0);
  if (rows > 0 || !expected || excludeTables.length > 0) return;
  throw new WpcloneError('VERIFY_FAILED', 'No row of the source has arrived in the clone.', {
    details: { check: 'content' },
  });
}

/** For whoever wants no clone that differs from its source. */
function refusedStrictly(findings: readonly Finding[]): WpcloneError {
  const all = findings.map(({ message }) => message).join(' ');
  return new WpcloneError('VERIFY_FAILED', `The clone is not as its source. ${all}`, {
    details: { check: findings[0]?.check ?? '', strict: '--strict' },
  });
}

/** Tells of what did not stop the work. */
export function warn(context: WorkContext, warnings: readonly Warning[]): void {
  for (const { code, message } of warnings) context.emit({ type: 'warning', code, message });
}
