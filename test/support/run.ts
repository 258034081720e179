/**
 * Runs vitest on the named projects and ends with one plain line, `N passed, N failed`, and vitest's exit code.
 * Usage: node test/support/run.ts PROJECT... [-- ARGUMENT-OF-VITEST...]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const words = process.argv.slice(2);
const projects = words.filter((word) => /^(unit|integration|e2e|cluster|matrix)$/.test(word));
const others = words.filter((word) => !projects.includes(word) && word !== '--');
const folder = mkdtempSync(join(tmpdir(), 'wpclone-report-'));
const file = join(folder, 'report.json');

const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
// With a project's tests go those of it that nothing may run beside.
const chosen = projects.flatMap((name) => ['--project', name, '--project', `${name}-alone`]);
const argv = ['run', ...chosen, '--reporter=default', '--reporter=json'];
const child = spawn(process.execPath, [vitest, ...argv, `--outputFile.json=${file}`, ...others], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, NODE_NO_WARNINGS: '1' },
});
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name));
const code = await new Promise<number>((resolve) => {
  child.once('error', () => resolve(1));
  child.once('close', (status) => resolve(status ?? 1));
});

const report = read();
const { passed, failed } = count(report, code);
rmSync(folder, { recursive: true, force: true });
for (const name of failures(report)) process.stdout.write(`failed: ${name}\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = code === 0 && failed > 0 ? 1 : code;

function read(): Report | undefined {
  try {
    const written: Report = JSON.parse(readFileSync(file, 'utf8'));
    return written;
  } catch {
    return undefined;
  }
}

/** Named once more at the end, where a log that was cut still has them. */
function failures(of: Report | undefined): string[] {
  return (of?.testResults ?? [])
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, assertionResults }) => {
      const tests = assertionResults.filter(({ status }) => status === 'failed');
      const path = relative(process.cwd(), name);
      return tests.length === 0 ? [path] : tests.map(({ fullName }) => `${path}: ${fullName}`);
    });
}

/** A file that could not be loaded or set up counts as one failure, and so does a run that failed although no test did. */
function count(of: Report | undefined, exitCode: number): { passed: number; failed: number } {
  const broken =
    of?.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
    ) ?? [];
  const counted = (of?.numFailedTests ?? 0) + broken.length;
  return { passed: of?.numPassedTests ?? 0, failed: counted === 0 && exitCode !== 0 ? 1 : counted };
}
