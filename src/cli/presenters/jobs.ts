import type { Accepted, JobLine, JobReport } from '../../operations/schemas.ts';
import { printable, table } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';
import { fittedTable } from './fit.ts';

/** A job that was handed in and is not waited for. */
export const acceptedLine = ({ job_id: job, status }: Accepted, colors: Colors): string =>
  `${colors.bold(job)}   ${status}   see how it goes: wpclone jobs watch ${job}`;

/** `jobs`: the newest first. */
export function jobTable(jobs: readonly JobLine[], colors: Colors, width?: number): string {
  if (jobs.length === 0) return 'No jobs.';
  const head = ['JOB', 'KIND', 'STATE', 'DONE', 'CLONE', 'MADE', 'MESSAGE'].map((title) => colors.dim(title));
  const rows = jobs.map((job) => [
    colors.bold(job.job_id),
    job.type,
    state(job, colors),
    `${job.progress} %`,
    printable(job.clone_id ?? ''),
    job.created_at,
    printable(job.message).slice(0, 80),
  ]);
  return fittedTable([head, ...rows], width, { cut: 6, drop: [5, 6] });
}

/** `jobs show`. */
export function jobDetails(job: JobReport, colors: Colors): string {
  const rows = [
    ['Job', colors.bold(job.job_id)],
    ['Kind', job.type],
    ['State', state(job, colors)],
    ['Done', `${job.progress} %`],
    ['Message', printable(job.message)],
    ['Clone', printable(job.clone_id ?? '')],
    ['Attempt', String(job.attempt)],
    ['Made', job.created_at],
    ['Begun', job.started_at ?? ''],
    ['Ended', job.finished_at ?? ''],
    ['Again at', job.retry_at ?? ''],
    ['Error', job.error === null ? '' : `${printable(job.error.message)} (${job.error.code})`],
  ].filter(([, value]) => value !== '');
  const next = (job.error?.next_steps ?? []).map((step) => `  ${colors.cyan('→')} ${printable(step)}`);
  return [table(rows.map(([name = '', value = '']) => [colors.dim(name), value])), ...next].join('\n');
}

/** The clone's password and log-in link are shown to those who ask for them. */
export function withoutSecrets(job: JobReport): JobReport {
  const { password: _password, login_url: _link, ...result } = job.result ?? {};
  return job.result === null ? job : { ...job, result };
}

function state({ status }: JobLine, colors: Colors): string {
  if (status === 'completed') return colors.green(status);
  return status === 'failed' ? colors.red(status) : colors.yellow(status);
}
