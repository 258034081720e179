import type { CloneReport, CloneResult } from '../../operations/clone-report.ts';
import type { Colors } from '../colors.ts';
import { printable, remaining, table } from '../../shared/format.ts';
import { fittedTable } from './fit.ts';

/** The one line that a person takes away from a clone. */
export function cloneLine(clone: CloneResult, colors: Colors, now: number): string {
  return [
    colors.bold(clone.clone_id),
    colors.cyan(clone.clone_url),
    `${clone.username} / ${'*'.repeat(12)}`,
    `log in: ${colors.cyan(isHeld(clone) ? clone.login_url : `wpclone open ${clone.clone_id}`)}`,
    `ends in ${remaining(Date.parse(clone.expires_at), now)}`,
  ].join('   ');
}

/** Rows from which on it is worth to be told how they need not be moved. */
const MANY_ROWS = 20_000;

/**
 * Beside files there could have been rows of an earlier clone, had they not gone with it: where to say that they shall not. Undefined where
 * there is nothing to say. `keepRows` is the setting, where somebody has set it.
 */
export function keepRowsHint(
  { runtime, transferred }: CloneResult,
  keepRows: string | undefined,
  colors: Colors,
): string | undefined {
  if (runtime !== 'local' || keepRows !== undefined || transferred === undefined) return undefined;
  const { rows, rows_moved = 0, files, files_moved = files } = transferred;
  if (files_moved === files || rows_moved < rows || rows < MANY_ROWS) return undefined;
  return colors.dim(
    'Files came from an earlier clone of this site, rows did not: a database is deleted with its clone. `keep-rows: a-day` in your configuration (or WPCLONE_KEEP_ROWS=a-day for all commands) keeps it for a day, and the next clone takes what did not change from there.',
  );
}

/**
 * Whether somebody answers at the clone's address already. That of a clone in a cluster without a domain is one of this machine, and
 * until `open` holds it any user of the machine could take it, and with it the link.
 */
const isHeld = ({ runtime, clone_url }: CloneResult): boolean =>
  runtime === 'local' || new URL(clone_url).hostname !== '127.0.0.1';

/** `list`; in lines of `width` characters where that is given. */
export function cloneTable(clones: readonly CloneReport[], colors: Colors, now: number, width?: number): string {
  if (clones.length === 0) return 'No clones. Make one: wpclone clone https://your-site.example';
  const head = ['NAME', 'STATE', 'URL', 'SOURCE', 'ENDS IN', 'RUNTIME'].map((title) => colors.dim(title));
  const rows = clones.map((clone) => [
    colors.bold(clone.clone_id),
    state(clone, colors),
    clone.clone_url,
    printable(clone.source.url),
    remaining(Date.parse(clone.expires_at), now),
    clone.runtime,
  ]);
  return fittedTable([head, ...rows], width, { cut: 3, drop: [5, 3] });
}

/** `show`. */
export function cloneDetails(clone: CloneReport, colors: Colors, now: number): string {
  const rows = [
    ['Name', colors.bold(clone.clone_id)],
    ['State', state(clone, colors)],
    ['URL', clone.clone_url],
    ['User', clone.username],
    ['Password', clone.password ?? `${'*'.repeat(12)} ${colors.dim('(--show-password shows it)')}`],
    ['Source', printable(clone.source.url)],
    [
      'Versions',
      printable(
        `WordPress ${clone.source.wordpress_version || 'unknown'}, PHP ${clone.source.php_version || 'unknown'}`,
      ),
    ],
    ['Made', clone.created_at],
    ['Ends', `${clone.expires_at} (${remaining(Date.parse(clone.expires_at), now)})`],
    ['Runtime', clone.runtime],
    ['Verified', verified(clone, colors)],
  ];
  const details = table(rows.map(([name = '', value = '']) => [colors.dim(name), value]));
  const findings = clone.findings.map(
    ({ code, message }) => `${colors.yellow('!')} ${printable(message)} ${colors.dim(`(${code})`)}`,
  );
  return [details, ...findings].join('\n');
}

function verified({ status, findings }: CloneReport, colors: Colors): string {
  if (status === 'creating') return 'not yet';
  return findings.length === 0 ? 'does what its source did' : colors.yellow('differs from its source');
}

function state(clone: CloneReport, colors: Colors): string {
  if (clone.status === 'ready') return colors.green(clone.status);
  return clone.status === 'failed' || clone.status === 'expired'
    ? colors.red(clone.status)
    : colors.yellow(clone.status);
}
