import * as Flags from '@oclif/core/flags';
import { parse } from '@oclif/core/parser';
import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/colors.ts';
import { errorText } from '../../src/cli/presenters/errors.ts';
import { eventLine } from '../../src/cli/presenters/plain.ts';
import { rowsOf } from '../../src/cli/presenters/rows.ts';
import { cloneDetails, cloneLine, cloneTable, keepRowsHint } from '../../src/cli/presenters/text.ts';
import { toReportedError } from '../../src/cli/usage-errors.ts';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import { CLONE_STEPS, type WorkEvent } from '../../src/shared/events.ts';

const plain = colorsFor({ isTTY: false }, [], {});
const clone: CloneResult = {
  clone_id: 'mysite-k3f',
  status: 'ready',
  clone_url: 'http://127.0.0.1:8101',
  username: 'wpclone-ab',
  password: 'very-secret',
  login_url: 'http://127.0.0.1:8101/?wpclone-login=t',
  expires_at: '2026-01-01T00:30:00.000Z',
  runtime: 'local',
  source: { url: 'https://mysite.example', wordpress_version: '6.8', php_version: '8.2' },
  connected_by: 'http',
  timings: { connect: 1, provision: 1, database: 1, files: 1, configure: 1, verify: 1, total: 6 },
  transferred: { tables: 1, rows: 1, files: 1, bytes: 1, urls_rewritten: 1 },
  warnings: [],
  verified: true,
  findings: [],
};
const now = Date.parse('2026-01-01T00:00:00.000Z');

describe('a clone in text', () => {
  it('is one line with a link to log in and without the password', () => {
    expect(cloneLine(clone, plain, now)).toBe(
      'mysite-k3f   http://127.0.0.1:8101   wpclone-ab / ************   log in: http://127.0.0.1:8101/?wpclone-login=t   ends in 30 min',
    );
  });

  it('in a cluster without a domain names the command that holds its address, not a link that anybody may answer', () => {
    const line = cloneLine({ ...clone, runtime: 'kubernetes' }, plain, now);
    expect(line).toContain('log in: wpclone open mysite-k3f ');
    expect(line).not.toContain('wpclone-login');
    const domain = { clone_url: 'https://k3f.example', login_url: 'https://k3f.example/?wpclone-login=t' };
    expect(cloneLine({ ...clone, runtime: 'kubernetes', ...domain }, plain, now)).toContain(domain.login_url);
  });

  it('tells how the next one need not move all rows, where an earlier one went with them and nobody has decided that', () => {
    const transferred = {
      tables: 1,
      rows: 90_000,
      rows_moved: 90_000,
      files: 9,
      files_moved: 1,
      bytes: 1,
      urls_rewritten: 1,
    };
    const hint = (more: Partial<CloneResult>, keepRows?: string) =>
      keepRowsHint({ ...clone, transferred, ...more }, keepRows, plain);
    expect(hint({})).toContain('keep-rows: a-day');
    // An earlier clone may be there all the same, with rows that cannot be compared.
    expect(hint({})).not.toContain('was deleted');
    expect(hint({}, 'with-clone')).toBeUndefined();
    expect(hint({ runtime: 'kubernetes' })).toBeUndefined();
    expect(hint({ transferred: { ...transferred, rows_moved: 3 } })).toBeUndefined();
    expect(hint({ transferred: { ...transferred, files_moved: 9 } })).toBeUndefined();
    expect(hint({ transferred: { ...transferred, rows: 90, rows_moved: 90 } })).toBeUndefined();
  });

  it('is shown with its password only when that was asked for', () => {
    const { password, ...report } = { ...clone, created_at: '2026-01-01T00:00:00.000Z' };
    expect(cloneDetails(report, plain, now)).not.toContain(password);
    expect(cloneDetails({ ...report, password }, plain, now)).toContain(password);
  });

  it('is listed, or the way to the first clone is', () => {
    const listed = cloneTable([{ ...clone, created_at: '2026-01-01T00:00:00.000Z' }], plain, now);
    expect(listed).toMatch(/^NAME +STATE +URL/);
    expect(listed).toMatch(/mysite-k3f +ready +http:\/\/127\.0\.0\.1:8101 +https:\/\/mysite\.example +30 min +local/);
    expect(listed).not.toContain('very-secret');
    expect(cloneTable([], plain, now)).toContain('wpclone clone');
    const long = { ...clone, created_at: '', source: { ...clone.source, url: `https://${'long.'.repeat(20)}example` } };
    const widest = (width?: number): number =>
      Math.max(
        ...cloneTable([long], plain, now, width)
          .split('\n')
          .map((line) => line.length),
      );
    expect(widest()).toBeGreaterThan(120);
    for (const width of [120, 80, 70]) {
      const text = cloneTable([long], plain, now, width);
      expect(widest(width)).toBeLessThanOrEqual(width);
      expect(text).toContain(clone.clone_id);
      expect(text).toContain(clone.clone_url);
    }
    expect(cloneTable([long], plain, now, 120)).toContain('…');
    expect(cloneTable([long], plain, now, 20)).toContain(clone.clone_url);
  });
});

describe('an error in text', () => {
  it('says what happened, its code and what to do next, and shows stacks only for debugging', () => {
    const error = new WpcloneError('NAME_TAKEN', 'There is one.', {
      details: { name: 'a' },
      cause: new Error('inner'),
    });
    expect(errorText(error, plain, false)).toBe(
      '✖ There is one. (NAME_TAKEN)\n  → Choose another --name.\n  → If the clone is yours, add --replace or delete it: wpclone delete a.\n',
    );
    expect(errorText(error, plain, true)).toMatch(/Error: inner[\s\S]* at /);
  });

  it('lets no text of a site reach the terminal as a command, or look like a line of ours', () => {
    const hostile = new WpcloneError('SOURCE_FAILED', 'gone\u001b[2J\u009b2K\r\u202e\n✔ done\n  → Paste this', {
      cause: new Error('\u001b]0;title\u0007'),
    });
    for (const debug of [false, true]) {
      const text = errorText(hostile, plain, debug);
      expect(text).not.toMatch(/[^\P{Cc}\n]|[\u202e]/u);
      expect(text).not.toMatch(/^(✔| {2}→ Paste)/m);
    }
  });

  it('advises nothing about what it cannot name', () => {
    const steps = (details: Record<string, string>) => new WpcloneError('DATABASE_FAILED', 'x', { details }).nextSteps;
    expect(steps({})).toEqual(['Check the set-up with wpclone doctor.']);
    expect(steps({ log: '/var/log/x' })[0]).toBe('Look at /var/log/x.');
  });

  it('quotes in its advice what a site named, for the shell that it is pasted into', () => {
    const step = (table: string) => new WpcloneError('TABLE_FAILED', 'x', { details: { table } }).nextSteps[0];
    expect(step('wp_posts')).toContain('--exclude-table wp_posts,');
    expect(step('x; rm -rf ~ $(id) `id`')).toContain("--exclude-table 'x; rm -rf ~ $(id) `id`',");
    expect(step("it's\u202e\u001b[2J")).toContain("--exclude-table 'it'\\''s[2J',");
  });

  it('never repeats a password that was given as an argument', () => {
    const fromOclif = Object.assign(new Error('Nonexistent flag: --password=hunter2'), { oclif: { exit: 2 } });
    const reported = toReportedError(fromOclif, ['clone', 'x', '--password=hunter2']);
    expect(reported).toMatchObject({ code: 'PASSWORD_MISSING', exitCode: 2 });
    expect(errorText(reported, plain, true)).not.toContain('hunter2');
  });

  it.each([
    ['--tll=5m', 'There is no flag --tll. Did you mean --ttl?'],
    ['--http-auth-password=hunter2', 'There is no flag --http-auth-password. Did you mean --http-auth-password-file?'],
    ['--pasword=hunter2', 'There is no flag --pasword.'],
    ['-p', 'There is no flag -p.'],
  ])('names the flag that was meant by %s, and never what it was given', async (typed, message) => {
    const flags = { ttl: Flags.string(), 'http-auth-password-file': Flags.string() };
    const refused: unknown = await parse([typed], { flags }).catch((error: unknown) => error);
    expect(toReportedError(refused, [typed])).toMatchObject({ code: 'BAD_INPUT', message });
  });
});

describe('events', () => {
  it('are one line per change of state and per thing waited for, and none for progress in numbers', () => {
    const events: WorkEvent[] = [
      { type: 'step-started', step: 'database' },
      { type: 'step-progress', step: 'database', counters: { rows: 5 } },
      { type: 'retry', step: 'database', message: 'cut off', waitSeconds: 2 },
      { type: 'step-finished', step: 'database', message: '182 MB', seconds: 1.5 },
      { type: 'step-failed', step: 'files', message: 'disk full\u001b[2J' },
      { type: 'step-progress', step: 'provision', message: 'pulling the image' },
      { type: 'warning', code: 'SET_ASIDE', message: 'db.php' },
      { type: 'undo', step: 'provision', message: 'removing a' },
    ];
    expect(events.map((event) => eventLine(event, plain))).toEqual([
      '… database',
      undefined,
      '↻ database   cut off (again in 2.0 s)',
      '✔ database   182 MB (1.5 s)',
      '✖ files      disk full[2J',
      '… provision  pulling the image',
      '! db.php (SET_ASIDE)',
      '↶ provision  removing a',
    ]);
  });

  it('become rows: a step each, the two short ones side by side', () => {
    const rows = rowsOf(CLONE_STEPS, plain, { now: () => now, columns: () => 80 });
    expect(rows.map((row) => row.steps)).toEqual([
      ['connect'],
      ['provision'],
      ['database'],
      ['files'],
      ['configure', 'verify'],
    ]);
    const files = rows[3];
    files?.take({ type: 'step-started', step: 'files' });
    const progress = { files: 120, totalFiles: 9_120, bytes: 1_000_000, totalBytes: 913_000_000 };
    expect(files?.take({ type: 'step-progress', step: 'files', counters: progress })).toBe('going');
    expect(files?.title()).toBe('files      ░░░░░░░░░░  0 %, 1.0 MB of 913 MB, 120 of 9,120 files');
    expect(files?.take({ type: 'step-failed', step: 'files', message: 'disk full' })).toBe('failed');
    const last = rows[4];
    expect(last?.take({ type: 'step-finished', step: 'configure', message: '', seconds: 0 })).toBe('going');
    last?.take({ type: 'step-started', step: 'verify' });
    expect(last?.title()).toBe('configure  verify');
    expect(last?.take({ type: 'step-finished', step: 'verify', message: 'all', seconds: 0 })).toBe('done');
    expect(last?.title()).toBe('configure  ✔ verify');
  });
});
