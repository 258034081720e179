import { afterEach, expect, test } from 'vitest';
import { failureOf } from '../support/work.ts';
import { useCommands } from './commands.ts';
import { context, eventually, request, useNamespace } from './support.ts';
import { refusingWebhook, type Webhook } from './webhook.ts';

const namespace = useNamespace('policies');
const commands = useCommands(namespace);

interface Check {
  readonly findings: readonly { readonly name: string; readonly status: string; readonly detail: string }[];
}

/** What `cluster check` says of another clone, and how it ends. */
async function check() {
  const { stdout, stderr, code } = await commands.run(['cluster', 'check', '--json']);
  const { findings }: Check = JSON.parse(stdout);
  return { code, stderr, said: findings.filter(({ name }) => name === 'dry-run') };
}

const provision = async () => {
  const runtime = await namespace.runtime();
  const work = context();
  const error = await failureOf(runtime.provision(request(), work));
  expect(await namespace.belongings()).toEqual([]);
  return { error, events: work.events };
};

let webhook: Webhook | undefined;
afterEach(async () => {
  await webhook?.unregister();
  await webhook?.stop();
  webhook = undefined;
});

/** The API server hears of a new webhook a moment later. */
const inForce = () =>
  eventually(async () => {
    const { said } = await check();
    return said.some(({ status }) => status === 'failed') ? true : undefined;
  }, 'the webhook is asked');

test.each([
  ['names no code', undefined],
  ['says 409, which is no name that is taken', 409],
  ['says 404, which is no pod that is gone', 404],
])('a webhook that refuses pods and %s is told of in its own words, by check too', async (_what, code) => {
  const status = { message: 'pods need the label team', ...(code === undefined ? {} : { code }) };
  webhook = await refusingWebhook(namespace, status);
  await inForce();
  const { error } = await provision();
  expect(error.code).toBe('RULES_FORBID');
  expect(error.message).toContain(`"${webhook.name}" denied the request: pods need the label team`);
  const checked = await check();
  expect(checked.code).toBe(1);
  expect(checked.said).toEqual([
    expect.objectContaining({ status: 'failed', detail: expect.stringContaining('pods need the label team') }),
  ]);
});

test('a webhook that must be asked and cannot be reached is named, after a few seconds that are accounted for', async () => {
  webhook = await refusingWebhook(namespace, { message: 'no' });
  await inForce();
  await webhook.stop();
  const { error, events } = await provision();
  expect(error.code).toBe('WEBHOOK_UNREACHABLE');
  expect(error.message).toContain(`admission webhook "${webhook.name}" does not answer`);
  expect(events).toContainEqual(expect.objectContaining({ type: 'warning', code: 'WAITING_FOR_CLUSTER' }));
  const checked = await check();
  expect([checked.code, checked.said.map(({ status }) => status)]).toEqual([1, ['failed']]);
  expect(checked.said[0]?.detail).toContain('failurePolicy: Fail');
  expect(checked.stderr).toContain('Waiting for the cluster');
});

test('check is not green while the namespace has no service account, and a clone does not wait for it without end', async () => {
  // Nobody can make it again.
  await namespace.apply('resourcequotas', {
    metadata: { name: 'none' },
    spec: { hard: { 'count/serviceaccounts': '0' } },
  });
  await eventually(async () => {
    const quota = await namespace.get<{ status?: { used?: object } }>('resourcequotas/none');
    return quota?.status?.used === undefined ? undefined : true;
  }, 'the quota is counted');
  await namespace.remove('serviceaccounts/default');
  await eventually(async () => ((await check()).code === 1 ? true : undefined), 'the API server forgets the account');
  const { said } = await check();
  expect(said).toEqual([expect.objectContaining({ status: 'failed' })]);
  expect(said[0]?.detail).toContain('has no service account "default"');
  const { error } = await provision();
  expect(error.code).toBe('SERVICE_ACCOUNT_MISSING');
  expect(error.nextSteps.join(' ')).toContain(`kubectl -n ${namespace.name} create serviceaccount default`);
});
