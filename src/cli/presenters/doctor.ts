import type { DoctorReport } from '../../operations/doctor/doctor.ts';
import type { Colors } from '../colors.ts';
import { table } from '../../shared/format.ts';

/** `doctor`: a line for each check, then how to install what is missing. */
export function doctorText(report: DoctorReport, colors: Colors): string {
  const rows = report.checks.map((check) => {
    const problem = check.required ? colors.red('✖') : colors.yellow('!');
    return [check.ok ? colors.green('✔') : problem, check.name, check.detail];
  });
  const lines = [table(rows)];
  if (report.fix.length > 0) {
    lines.push('', 'To install what is missing:', ...report.fix.map((command) => `  ${colors.cyan(command)}`));
  }
  if (report.ok) lines.push('', 'This machine is ready. Try: wpclone demo');
  return lines.join('\n');
}
