import { randomBytes } from 'node:crypto';
import { MockAgent } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { settleFailure } from '../../../src/engine/restore-failed.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { createWriteClient } from '../../../src/site/write/client.ts';
import { newWriteKeys } from '../../../src/site/write/signing.ts';
import { workContext } from '../../support/work.ts';

const MINUTE = 60_000;

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

it.each([
  [1, undefined],
  [31, true],
])(
  'a key that is refused after %i minutes: what became of the restore is uncertain: %s',
  async (minutes, uncertain) => {
    const opened = { restore: 'rst-aaaaaaaa', client: refusedClient(), keyed: Date.now() - minutes * MINUTE };
    const failed = new WpcloneError('SOURCE_FAILED', 'It broke.');
    const error = await settleFailure(failed, opened, workContext());
    expect([error.code, error.details['uncertain']]).toEqual(['SOURCE_FAILED', uncertain]);
  },
);
