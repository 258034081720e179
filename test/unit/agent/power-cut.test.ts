import { copyFileSync, writeFileSync } from 'node:fs';
import type * as FileSystem from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { OWNER } from '../../../src/agent/access/token.ts';
import { AGENT_DATABASE } from '../../../src/agent/database.ts';
import { openDatabase } from '../../../src/state/database.ts';
import { testApi } from '../../support/agent.ts';
import { makeTemp } from '../../support/temp.ts';

/** The log as it was when it was last put on the disk, while that is kept: it takes long. */
const disk = vi.hoisted(() => ({ keeps: true, log: Buffer.alloc(0), times: 0 }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof FileSystem>();
  return {
    ...fs,
    fdatasyncSync: (file: number) => {
      fs.fdatasyncSync(file);
      if (disk.keeps) disk.log = fs.readFileSync(fs.readlinkSync(`/proc/self/fd/${file}`));
      disk.times += 1;
    },
  };
});

/** Jobs that a computer which starts again after a power cut finds: what was written to the log and not put on the disk is gone. */
function foundAfterPowerCut(file: string): ReadonlySet<string> {
  const home = makeTemp('power-cut');
  copyFileSync(file, join(home, 'agent.db'));
  writeFileSync(join(home, 'agent.db-wal'), disk.log);
  const database = openDatabase(home, Date.now, AGENT_DATABASE);
  const ids = database.prepare<[], string>('SELECT id FROM jobs').pluck().all();
  database.close();
  return new Set(ids);
}

it('what was answered with 202 is there after a power cut in the moment of the answer, also while the log is brought to its place', async () => {
  const limits = { queue: 1_000, queuePerCustomer: 1_000, requestsPerSecond: 1_000, streams: 10 };
  const api = await testApi({ owner: OWNER, limits });
  onTestFinished(() => api.close());
  const answered: string[] = [];
  const post = async (): Promise<void> => {
    const before = disk.times;
    const answer = await api.app.inject({
      method: 'POST',
      url: '/api/v2/clone',
      headers: { host: '127.0.0.1:8420' },
      payload: { source_url: 'https://mysite.example', source_username: 'admin', source_password: 'no password' },
    });
    expect(answer.statusCode).toBe(202);
    expect(disk.times).toBeGreaterThan(before);
    answered.push(answer.json<{ job_id: string }>().job_id);
  };
  // More commits than the thread waits for.
  for (let round = 0; round < 200; round += 1) {
    // The thread begins with the 128th.
    disk.keeps = round % 25 === 0 || (disk.times > 124 && disk.times < 140);
    await Promise.all([post(), post(), post()]);
    if (!disk.keeps) continue;
    const found = foundAfterPowerCut(api.file);
    expect(answered.filter((id) => !found.has(id))).toEqual([]);
  }
});
