import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** What vitest's JSON reporter writes, as far as it is read here. */
export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** The report of a run; undefined when it ended before it wrote one. */
export function readReport(file: string): Report | undefined {
  try {
    const written: Report = JSON.parse(readFileSync(file, 'utf8'));
    return written;
  } catch {
    return undefined;
  }
}

export const failedFiles = (report: Report | undefined): string[] =>
  (report?.testResults ?? []).filter(({ status }) => status === 'failed').map(({ name }) => name);

export interface Failure {
  /** `FILE: TEST`, and the file alone where it could not be loaded or set up. */
  readonly name: string;
  /** The first line of what it failed with. */
  readonly why: string;
}

export function failures(report: Report | undefined): Failure[] {
  return (report?.testResults ?? [])
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const tests = assertionResults.filter(({ status }) => status === 'failed');
      const path = relative(process.cwd(), name);
      if (tests.length === 0) return [{ name: path, why: firstLine(message) }];
      return tests.map(({ fullName, failureMessages }) => ({
        name: `${path}: ${fullName}`,
        why: firstLine(failureMessages?.[0]),
      }));
    });
}

const LONGEST = 2000;
const firstLine = (text: string | undefined): string =>
  (stripVTControlCharacters(text ?? '').split('\n', 1)[0] ?? '').slice(0, LONGEST);

/** A file that could not be loaded or set up counts as one failure, and so does a run that failed although no test did. */
export function countOf(report: Report | undefined, exitCode: number): Count {
  const failed = failures(report).length;
  return { passed: report?.numPassedTests ?? 0, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

/**
 * The count of a run whose failed files were run once more: the second answer stands for those files, the first for all others.
 */
export function countOfBoth(first: Report, again: Report | undefined, exitCode: number): Count {
  const repeated = new Set(failedFiles(first));
  const kept = first.testResults
    .filter(({ name }) => !repeated.has(name))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed').length;
  const { passed, failed } = countOf(again, exitCode);
  return { passed: kept + passed, failed };
}
