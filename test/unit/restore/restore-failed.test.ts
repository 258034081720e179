import { randomBytes } from 'node:crypto';
import { MockAgent } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { settleFailure } from '../../../src/engine/restore-failed.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import type { RestoreState } from '../../../src/site/write/answers.ts';
import { createWriteClient } from '../../../src/site/write/client.ts';
import { newWriteKeys } from '../../../src/site/write/signing.ts';
import { workContext } from '../../support/work.ts';

/** A client of a site that refuses the key, as it does where it knows nothing of the restore and where the key is too old. */
function refusedClient() {
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent
    .get('https://live.example')
    .intercept({ path: /.*/, method: 'POST' })
    .reply(401, '{"wpclone":2,"error":"refused","message":"The signature is not accepted."}', {
      headers: { 'content-type': 'application/json' },
    })
    .persist();
  onTestFinished(() => agent.close());
  const url = 'https://live.example';
  const access = { url, endpoint: `${url}/index.php`, keyId: 'k', secret: 's', insecureTls: false };
  const key = { restore: 'rst-aaaaaaaa', privateKey: newWriteKeys().privateKey, clockOffset: 0 };
  const deps = { now: Date.now, sleep: () => Promise.resolve(), randomBytes, retry: () => undefined };
  return createWriteClient(access, key, { ...deps, dispatcher: agent });
}

const states = (state?: RestoreState) => (state === undefined ? [] : [{ id: 'rst-aaaaaaaa', state }]);

it.each([
  ['has nothing of the restore', () => Promise.resolve(states()), undefined],
  ['has it written, with another key since', () => Promise.resolve(states('applied')), 'Rows were written'],
  ['has it half undone', () => Promise.resolve(states('partly')), 'Rows were written'],
  ['has it as it was before it was written', () => Promise.resolve(states('sealed')), 'Rows may have been written'],
  ['is too old to say', () => Promise.resolve(undefined), 'Rows may have been written'],
  ['does not answer', () => Promise.reject(new Error('away')), 'Rows may have been written'],
])('a key that is refused says nothing of its restore; the site %s', async (_, known, told) => {
  const opened = { restore: 'rst-aaaaaaaa', client: refusedClient(), known };
  const error = await settleFailure(new WpcloneError('SOURCE_FAILED', 'It broke.'), opened, workContext());
  expect([error.code, error.details['uncertain']]).toEqual(['SOURCE_FAILED', told === undefined ? undefined : true]);
  expect(error.message).toMatch(told === undefined ? /^It broke\.$/ : new RegExp(`^It broke\\. ${told}: `));
});
