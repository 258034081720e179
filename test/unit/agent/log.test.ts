import { expect, it } from 'vitest';
import { createAgentLog } from '../../../src/agent/daemon/log.ts';

const lines = (isTTY: boolean, level: 'debug' | 'info' = 'info') => {
  const written: string[] = [];
  const log = createAgentLog({ isTTY, write: (text: string) => written.push(text) }, level);
  return { log, written };
};

it('no secret gets into the log, under whatever name and however deep', () => {
  const { log, written } = lines(false);
  log.info('asked for http://admin:canary@site.example/?wpclone-login=canary with wpc_abcd1234_canary', {
    source_password: 'canary',
    request: { headers: { Authorization: 'canary', deep: { deeper: { deepest: 'canary' } } } },
    list: [{ token: 'canary' }, 'https://u:canary@host/'],
    loginUrl: 'canary',
  });
  expect(written).toHaveLength(1);
  expect(written[0]).not.toContain('canary');
  expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 'info', time: expect.stringMatching(/^\d{4}-/) });
});

it('a person reads lines, a program JSON; what is for debugging is left out', () => {
  const { log, written } = lines(true);
  log.debug('not this');
  log.warn('job failed', { job: 'job-1', code: 'UNREACHABLE' });
  expect(written).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}job failed job=job-1 code=UNREACHABLE\n$/)]);
});

it('what a site wrote steers no terminal', () => {
  const { log, written } = lines(true);
  log.info('job failed', { reason: 'Away\u001b]0;mine\u0007\nforged line' });
  expect(written.join('')).toMatch(/ info {2}job failed reason=Away\]0;mineforged line\n$/);
});
