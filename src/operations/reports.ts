import type { CloneStepName } from '../shared/events.ts';
import type { CloneOutcome } from '../engine/clone.ts';
import type { CloneFacts } from '../runtime/facts.ts';
import type { CloneReport, CloneResult } from './clone-report.ts';

/** A clone under the API's names. The password only when it is given: it is for `show --show-password`. */
export function cloneReport(facts: CloneFacts, password?: string): CloneReport {
  return {
    clone_id: facts.id,
    status: facts.state,
    clone_url: facts.url,
    username: facts.adminUsername,
    ...(password === undefined ? {} : { password }),
    created_at: new Date(facts.createdAt).toISOString(),
    expires_at: new Date(facts.expiresAt).toISOString(),
    runtime: facts.runtime,
    source: {
      url: facts.source.url,
      wordpress_version: facts.source.wordpressVersion,
      php_version: facts.source.phpVersion,
    },
    verified: facts.state !== 'creating' && facts.findings.length === 0,
    findings: facts.findings,
  };
}

/** `totalSeconds` is wall time: steps overlap, so it is less than their sum. */
export function cloneResult(outcome: CloneOutcome, totalSeconds: number): CloneResult {
  const { facts, database, files, timings } = outcome;
  const seconds = (step: CloneStepName): number => round(timings.get(step) ?? 0);
  const { created_at: _made, ...report } = cloneReport(facts);
  return {
    ...report,
    status: 'ready',
    password: outcome.password,
    login_url: outcome.loginUrl,
    unit: outcome.unit,
    connected_by: outcome.way,
    timings: {
      connect: seconds('connect'),
      provision: seconds('provision'),
      database: seconds('database'),
      files: seconds('files'),
      configure: seconds('configure'),
      verify: seconds('verify'),
      total: round(totalSeconds),
    },
    transferred: {
      tables: database.tables,
      rows: database.rows,
      files: files.files,
      rows_moved: database.rows - database.reused,
      files_moved: files.files - files.reused,
      bytes: database.bytes + files.bytes,
      urls_rewritten: database.urlsRewritten + files.urlsRewritten,
    },
    warnings: outcome.warnings,
  };
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
