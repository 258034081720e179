import { afterEach, describe, expect, it } from 'vitest';
import { endAttempt } from '../../../src/agent/jobs/ending.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { claimed, newJob } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';
import { workContext } from '../../support/work.ts';

const { open, clean } = sqliteStores();
afterEach(clean);

async function failed(error: WpcloneError) {
  const { store } = open();
  const { job } = await store.enqueue(newJob());
  const { signal } = new AbortController();
  await endAttempt(store, await claimed(store), { ok: false, error }, signal, signal, workContext());
  return { id: job.id, error: (await store.find(job.id))?.error };
}

describe('what to do next about a job that failed', () => {
  it('names the job that is to be done again with a log-in', async () => {
    const { id, error } = await failed(new WpcloneError('LOGIN_NEEDED', 'No password came with the request.'));
    expect(error?.next_steps.join()).toContain(`wpclone jobs retry ${id} --username`);
    expect(error?.next_steps.join()).toContain(`POST /api/v2/jobs/${id}/retry`);
  });

  it.each(['PLUGIN_UPLOAD_FORBIDDEN', 'PLUGIN_INSTALL_FAILED', 'PLUGIN_TOO_OLD'] as const)(
    'tells where the plugin is (%s) in words that are right on another machine too',
    async (code) => {
      const here = new WpcloneError(code, 'It did not.', { details: { folder: '/opt/agent/templates/migrator' } });
      const { error } = await failed(here);
      expect(error?.next_steps.join()).toMatch(/copy templates\/migrator of the npm package wpclone/i);
      expect(error?.next_steps.join()).not.toContain('/opt/agent');
      expect(here.nextSteps.join()).toContain('/opt/agent/templates/migrator');
      expect(here.nextSteps.join()).not.toContain('npm package');
    },
  );
});
