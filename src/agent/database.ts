import type { DatabaseKind } from '../state/database.ts';
import type { Migration } from '../state/migrations.ts';
import { DRIVER_TIMEOUT } from '../state/retry.ts';

/** The steps that bring agent.db to what this version expects; as with state.db, a released step is never edited. */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'jobs, their events, idempotency keys and tokens',
    sql: `
      CREATE TABLE jobs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'completed', 'failed')),
        customer TEXT,
        clone TEXT,
        source_host TEXT,
        priority INTEGER NOT NULL,
        request TEXT NOT NULL,
        secrets BLOB,
        traceparent TEXT,
        failures INTEGER NOT NULL DEFAULT 0,
        losses INTEGER NOT NULL DEFAULT 0,
        epoch INTEGER NOT NULL DEFAULT 0,
        owner_agent TEXT,
        owner_pid INTEGER,
        owner_started_at TEXT,
        progress INTEGER NOT NULL DEFAULT 0,
        message TEXT NOT NULL DEFAULT '',
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        checkpoint TEXT,
        result TEXT,
        result_secrets BLOB,
        error TEXT,
        created_at INTEGER NOT NULL,
        not_before INTEGER NOT NULL,
        started_at INTEGER,
        finished_at INTEGER
      ) STRICT;

      -- The queue is small beside the jobs that ended: only what waits or runs is in these.
      CREATE INDEX jobs_pending ON jobs (priority, created_at) WHERE state = 'pending';
      CREATE INDEX jobs_running ON jobs (customer, source_host) WHERE state = 'running';
      CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;
      CREATE INDEX jobs_customer ON jobs (customer, sequence);
      CREATE INDEX jobs_clone ON jobs (clone, sequence);
      -- One job at a time may be about to give a clone its name.
      CREATE UNIQUE INDEX jobs_reserved ON jobs (clone) WHERE kind = 'clone' AND state IN ('pending', 'running');

      CREATE TABLE events (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        job INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        event TEXT NOT NULL
      ) STRICT;
      CREATE INDEX events_job ON events (job, sequence);

      CREATE TABLE idempotency_keys (
        scope TEXT NOT NULL,
        key TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        job INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (scope, key)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idempotency_keys_job ON idempotency_keys (job);

      CREATE TABLE tokens (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        hash BLOB NOT NULL,
        scopes TEXT NOT NULL,
        customer TEXT,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER,
        last_used_at INTEGER
      ) STRICT;

      -- Written to see whether anything can be.
      CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT;
    `,
  },
  {
    version: 2,
    name: 'how many jobs there are, without counting them; parts of requests that are sealed',
    sql: `
      ALTER TABLE jobs ADD COLUMN confidential BLOB;
      CREATE TABLE job_counts (state TEXT PRIMARY KEY, jobs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO job_counts VALUES ('pending', 0), ('running', 0), ('completed', 0), ('failed', 0);
      UPDATE job_counts SET jobs = (SELECT count(*) FROM jobs WHERE jobs.state = job_counts.state);
      CREATE TRIGGER jobs_counted_in AFTER INSERT ON jobs BEGIN
        UPDATE job_counts SET jobs = jobs + 1 WHERE state = new.state;
      END;
      CREATE TRIGGER jobs_counted_out AFTER DELETE ON jobs BEGIN
        UPDATE job_counts SET jobs = jobs - 1 WHERE state = old.state;
      END;
      CREATE TRIGGER jobs_counted_over AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
        UPDATE job_counts SET jobs = jobs + (state = new.state) - (state = old.state) WHERE state IN (old.state, new.state);
      END;
    `,
  },
  {
    version: 3,
    name: 'how many jobs of one customer wait, without looking at those of others',
    sql: `CREATE INDEX jobs_pending_customer ON jobs (customer) WHERE state = 'pending'`,
  },
  {
    version: 4,
    name: 'how many of the failures of a job were those of an outage',
    sql: 'ALTER TABLE jobs ADD COLUMN outages INTEGER NOT NULL DEFAULT 0',
  },
];

/**
 * A file of its own beside state.db: what commands write there never holds up the agent, and only here each commit is worth a wait
 * for the disk, because somebody was promised the job.
 */
export const AGENT_DATABASE: DatabaseKind = {
  name: 'agent.db',
  migrations: MIGRATIONS,
  synchronous: 'FULL',
  busyTimeout: DRIVER_TIMEOUT,
};
