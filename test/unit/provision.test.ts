import { expect, test } from 'vitest';
import { runPipeline } from '../../src/engine/pipeline.ts';
import { provision } from '../../src/engine/provision.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import type { ProvisionRequest } from '../../src/runtime/leases.ts';
import { workContext } from '../support/work.ts';

/** Which clone an instance is asked for that is to take the place of `shop`, when the job of that name has it. The runtimes have tests of their own. */
async function asked(
  by: string,
  state = 'ASSIGNED',
  url = 'https://shop.example',
): Promise<ProvisionRequest | undefined> {
  const work = workContext();
  const unit = {
    name: 'unit-a',
    state,
    cloneId: 'shop',
    jobId: by === 'own' ? work.jobId : by,
    leased: true,
  };
  let request: ProvisionRequest | undefined;
  const runtime = {
    kind: 'kubernetes',
    units: { list: () => Promise.resolve([unit]), revision: () => Promise.resolve('now') },
    list: () => Promise.resolve([{ id: 'shop', state: 'creating' }]),
    provision: (given: ProvisionRequest) => {
      request = given;
      return Promise.resolve({ instance: { how: 'taken-up' }, lost: new AbortController().signal });
    },
  } as unknown as Runtime;
  const plan = { url, name: 'shop', ttlSeconds: 60, replace: true };
  await runPipeline(work, (pipeline) => provision(pipeline, plan, runtime, Promise.resolve(undefined)));
  return request;
}

test('a job that may replace a clone takes up what its earlier attempt made under the name, and replaces only another', async () => {
  expect(await asked('own')).toMatchObject({ id: 'shop' });
  expect(await asked('own')).not.toHaveProperty('replaces');
  expect(await asked('another')).toMatchObject({ replaces: 'shop' });
  // It had got so far as to hold the other one.
  expect(await asked('own', 'READY')).toMatchObject({ replaces: 'shop' });
});

test('an instance is asked for by the address of the site, whatever was copied with it', async () => {
  for (const typed of ['https://shop.example/', ' https://SHOP.example \n', 'shop.example/wp-admin/post.php?token=1'])
    expect(await asked('own', 'ASSIGNED', typed)).toMatchObject({ sourceUrl: 'https://shop.example' });
});
