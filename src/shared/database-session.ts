/**
 * For every session of mysql2. Nothing of ours is a prepared statement, and by itself it makes room for 16,000 of them: half a megabyte for
 * each session, also for one that only looks whether the server is there.
 */
export const SESSION_SETTINGS = { maxPreparedStatements: 1 } as const;
