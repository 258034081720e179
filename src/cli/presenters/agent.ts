import { homedir } from 'node:os';
import type { Colors } from '../colors.ts';
import { count, remaining, table } from '../../shared/format.ts';

/** The first line of an agent; `open`: at its address nobody is asked for a token, which is a line of its own. */
export function agentStartedText(
  agent: {
    readonly url: string;
    readonly token_file: string;
    readonly runtime: string;
    readonly jobs_at_once: number;
  },
  open: boolean,
  { yellow }: Pick<Colors, 'yellow'>,
): string {
  const { url, token_file: file, runtime, jobs_at_once: jobs } = agent;
  const many = jobs === 1 ? '1 job' : `${jobs} jobs`;
  const key = open ? 'no token' : `token: ${shortened(file)}`;
  const line = `wpclone agent on ${url} (${key})   runtime ${runtime}   ${many} at once`;
  return open ? `${line}\n${yellow(`! Whoever reaches ${url} may do everything (--no-auth).`)}` : line;
}

const shortened = (path: string): string =>
  path.startsWith(`${homedir()}/`) ? `~${path.slice(homedir().length)}` : path;

/** What an agent is doing. */
export function agentStatusText(
  status: {
    readonly version: string;
    readonly pid: number;
    readonly url: string;
    readonly runtime: string;
    readonly started_at: string;
    readonly jobs_at_once: number;
    readonly draining: boolean;
    readonly ready: boolean;
    readonly reason?: string | undefined;
    readonly jobs: {
      readonly pending: number;
      readonly running: number;
      readonly completed: number;
      readonly failed: number;
    };
  },
  now: number,
): string {
  const { jobs, jobs_at_once: most } = status;
  const state = status.draining ? 'stopping' : status.ready ? 'takes jobs' : `takes no jobs: ${status.reason ?? '?'}`;
  return table([
    ['agent', `${status.url}   process ${status.pid}   wpclone ${status.version}`],
    ['state', `${state}   for ${remaining(now, Date.parse(status.started_at))}`],
    ['runtime', status.runtime],
    ['jobs', `${count(jobs.running)} of ${most} running   ${count(jobs.pending)} waiting`],
    ['ended', `${count(jobs.completed)} completed   ${count(jobs.failed)} failed`],
  ]);
}

interface TokenLine {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly customer: string | null;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

/** A line for each token; none is ever shown whole again. */
export function tokenTable(tokens: readonly TokenLine[]): string {
  if (tokens.length === 0) return 'No tokens.';
  const head = ['ID', 'NAME', 'SCOPES', 'CUSTOMER', 'CREATED', 'LAST USED', 'STATE'];
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    token.scopes.join(','),
    token.customer ?? '-',
    token.created_at.slice(0, 10),
    token.last_used_at?.slice(0, 10) ?? 'never',
    token.revoked_at === null ? 'good' : 'revoked',
  ]);
  return table([head, ...rows]);
}
