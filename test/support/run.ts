/**
 * Runs vitest on the named projects and ends with one plain line, `N passed, N failed`, and vitest's exit code.
 * Where CI is set, the few files that failed are run once more, alone, on a machine that does nothing else: what passes then was
 * lost to the company it ran in, and is printed as `flaky:`, to be mended. What fails again has failed.
 * Usage: node test/support/run.ts PROJECT... [-- ARGUMENT-OF-VITEST...]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countOf, countOfBoth, failedFiles, failures, readReport, type Report } from './report.ts';

/** More failed files than this are no accident. */
const FEW = 3;

interface Run {
  readonly code: number;
  readonly report: Report | undefined;
}

const words = process.argv.slice(2);
const projects = words.filter((word) => /^(unit|integration|e2e|cluster|matrix|stress)$/.test(word));
const others = words.filter((word) => !projects.includes(word) && word !== '--');
const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
let interrupted = false;

const first = await run(others);
const again = mayBeAccident(first) ? await run(['--no-file-parallelism', ...failedFiles(first.report)]) : undefined;
const last = again ?? first;
const { passed, failed } =
  again && first.report ? countOfBoth(first.report, again.report, again.code) : countOf(first.report, first.code);
const lasting = failures(last.report);
const names = new Set(lasting.map(({ name }) => name));
for (const { name, why } of again ? failures(first.report) : [])
  if (!names.has(name)) process.stdout.write(`flaky: ${name}: ${why}\n`);
// Named once more at the end, where a log that was cut still has them.
for (const { name, why } of lasting) process.stdout.write(`failed: ${name}: ${why}\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = last.code === 0 && failed > 0 ? 1 : last.code;

function mayBeAccident({ code, report }: Run): boolean {
  const files = failedFiles(report).length;
  return process.env['CI'] !== undefined && !interrupted && code !== 0 && files > 0 && files <= FEW;
}

async function run(more: readonly string[]): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'wpclone-report-'));
  const file = join(folder, 'report.json');
  // With a project's tests go those of it that nothing may run beside.
  const chosen = projects.flatMap((name) => ['--project', name, '--project', `${name}-alone`]);
  const argv = ['run', ...chosen, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...more];
  const child = spawn(process.execPath, [vitest, ...argv], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const stop = (name: NodeJS.Signals): void => {
    interrupted = true;
    child.kill(name);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop);
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (status) => resolve(status ?? 1));
  });
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  const report = readReport(file);
  rmSync(folder, { recursive: true, force: true });
  return { code, report };
}
