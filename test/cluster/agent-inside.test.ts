import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Deployment, V1PodList } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { useCommands } from './commands.ts';
import { eventually, HOST, useNamespace } from './support.ts';

const namespace = useNamespace('inside');
const commands = useCommands(namespace);
const volume = `wpclone-test-${namespace.name.slice(-6)}`;
/** The node is this machine. */
const folder = join(makeTemp('agent-volume'), 'data');
let source: Source;

const deployment = 'apis/apps/v1 deployments/wpclone-agent';
const volumes = (method: 'POST' | 'DELETE', path: string, body?: object) =>
  namespace.cluster.send({
    method,
    path: `api/v1/persistentvolumes${path}`,
    what: `${method} persistentvolumes`,
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined ? {} : { body }),
  });

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  // A volume of this kind takes no group from the pod (Kubernetes documentation, "Configure a Security Context").
  chmodSync(folder, 0o777);
  source = await startSource({ host: HOST });
  // The test cluster makes no volumes by itself.
  await volumes('POST', '', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: folder },
      claimRef: { namespace: namespace.name, name: 'wpclone-agent' },
    },
  });
});
afterAll(async () => {
  await source.stop();
  await volumes('DELETE', `/${volume}`);
});

/** What became of the agent's own objects. */
async function init(): Promise<string[]> {
  const { applied } = await commands.json<{ applied: { kind: string; result: string }[] }>([
    'cluster',
    'init',
    '--with-agent',
  ]);
  const own = ['PersistentVolumeClaim', 'Deployment', 'Service'];
  return own.map((kind) => applied.find((each) => each.kind === kind)?.result ?? 'missing');
}

/** The agent's pod that is ready, and how it is asked, as from a program in the cluster. */
async function agentPod(except?: string) {
  const selector = encodeURIComponent('app.kubernetes.io/component=agent');
  const pod = await eventually(
    async () => {
      const pods = (await namespace.get<V1PodList>(`pods?labelSelector=${selector}`))?.items ?? [];
      return pods.find(
        ({ metadata, status }) =>
          metadata?.name !== except &&
          metadata?.deletionTimestamp === undefined &&
          status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      );
    },
    'the agent is ready',
    90_000,
  );
  const token = readFileSync(join(folder, 'home/agent.token'), 'utf8').trim();
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`http://${pod.status?.podIP}:8420${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { name: pod.metadata?.name ?? '', call };
}

/** Hands a clone in and waits for its end. */
async function clone(agent: Awaited<ReturnType<typeof agentPod>>, name: string) {
  const { status, body } = await agent.call('POST', '/api/v2/clone', {
    source_url: source.url,
    source_username: source.adminUser,
    source_password: source.adminPassword,
    customer_id: name,
  });
  expect(status).toBe(202);
  const job = `/api/v2/job-status/${String(body['job_id'])}`;
  const isOver = async () => {
    const said = (await agent.call('GET', `${job}?wait=30`)).body;
    return said['status'] === 'completed' || said['status'] === 'failed' ? said : undefined;
  };
  return { job, said: await eventually(isOver, 'the job ends', 90_000) };
}

test('cluster init --with-agent runs an agent that makes clones by its service account, and remembers its jobs in the next pod', async () => {
  expect(await init()).toEqual(['created', 'created', 'created']);
  const first = await agentPod();
  // The site of the test is in a private network, which an agent that others can call does not enter by itself.
  const refused = await clone(first, 'refused');
  expect(refused.said).toMatchObject({ status: 'failed', error: { code: 'PRIVATE_ADDRESS' } });

  const [container] = (await namespace.get<V1Deployment>(deployment))?.spec?.template.spec?.containers ?? [];
  const containers = [{ ...container, args: [...(container?.args ?? []), '--private-source=10.88.0.0/16'] }];
  await namespace.patch(deployment, { spec: { template: { spec: { containers } } } });
  const second = await agentPod(first.name);
  expect((await second.call('GET', refused.job)).body).toMatchObject({ status: 'failed', clone_id: 'refused' });
  const { said } = await clone(second, 'inside');
  expect(said).toMatchObject({ status: 'completed', clone_id: 'inside' });
  expect(await commands.json(['list'])).toMatchObject({ clones: [{ clone_id: 'inside', status: 'ready' }] });

  // What others set there is kept.
  expect(await init()).toEqual(['unchanged', 'kept', 'unchanged']);
  expect((await second.call('DELETE', '/api/v2/delete/inside')).status).toBeLessThan(300);
  expect((await second.call('POST', '/api/v2/pool/drain')).body).toMatchObject({ mode: 'draining' });
  await eventually(async () => ((await namespace.belongings()).length === 0 ? true : undefined), 'nothing is left');
});
