import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Namespace, V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll } from 'vitest';
import type { WorkContext } from '../../src/shared/context.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../src/shared/process.ts';
import type { WpcloneError } from '../../src/shared/errors.ts';
import type { WorkEvent } from '../../src/shared/events.ts';
import { type Cluster, connectCluster } from '../../src/runtime/kubernetes/api/client.ts';
import { createKubernetesRuntime } from '../../src/runtime/kubernetes/runtime.ts';
import { podManifest, type UnitPlan } from '../../src/runtime/kubernetes/provision/manifests.ts';
import { parseOptions } from '../../src/runtime/kubernetes/options.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import type { ProvisionRequest } from '../../src/runtime/leases.ts';

/** The instance image, which `.ci/run` builds. */
export const IMAGE = process.env['WPCLONE_TEST_IMAGE'] ?? 'docker.io/wpclone/instance:dev';
/** An address of this machine that pods reach. */
export const HOST = process.env['WPCLONE_TEST_HOST'] ?? '10.88.0.1';
export const ABSENT_IMAGE = '127.0.0.1:5999/none:1';

export interface RuntimeSettings {
  readonly kubeconfig?: string;
  readonly [setting: string]: unknown;
}

export interface TestNamespace {
  readonly name: string;
  readonly cluster: Cluster;
  /** Below the namespace, such as `pods/x`; undefined on 404. */
  get<T = V1Pod>(path: string): Promise<T | undefined>;
  apply(path: string, body: object): Promise<void>;
  patch(path: string, body: object): Promise<void>;
  /** `grace` in seconds; with 0 a pod is gone at once, whatever its node does. */
  remove(path: string, grace?: number): Promise<void>;
  /** Labels of the namespace itself. */
  label(labels: Readonly<Record<string, string>>): Promise<void>;
  runtime(settings?: RuntimeSettings, context?: Partial<WorkContext>): Promise<Runtime>;
  /** The pod of a clone's unit. */
  pod(cloneId: string): Promise<V1Pod | undefined>;
  /** Its name, once there is one. */
  podName(cloneId: string): Promise<string>;
  /** Names of everything of ours that is there, as `pods/x`; of one clone, with the Secrets of units that have no pod. */
  belongings(cloneId?: string): Promise<string[]>;
}

export function context(changes: Partial<WorkContext> = {}): WorkContext & { readonly events: WorkEvent[] } {
  const events: WorkEvent[] = [];
  const ignore = (): void => undefined;
  return {
    signal: new AbortController().signal,
    now: Date.now,
    sleep: async (milliseconds, signal) => {
      try {
        await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
    randomBytes,
    jobId: `job-${randomBytes(9).toString('hex')}`,
    log: { debug: ignore, info: ignore, warn: ignore },
    emit: (event) => events.push(event),
    ...changes,
    events,
  };
}

const OWNER = 'wpclone-test/owner';

/** Removes namespaces of test processes that were killed: their pods, which outlive even a restart of the cluster, would starve those of others. */
async function sweepNamespaces(send: (method: 'GET' | 'DELETE', path: string) => Promise<never>): Promise<void> {
  const { items }: { items: V1Namespace[] } = await send('GET', 'api/v1/namespaces');
  for (const { metadata, status } of items) {
    const owner = metadata?.annotations?.[OWNER];
    if (owner === undefined || status?.phase !== 'Active') continue;
    if (await isAlive(JSON.parse(owner) as ProcessIdentity)) continue;
    const path = `api/v1/namespaces/${metadata?.name}`;
    const gone = (error: { details?: { status?: number } }): boolean => {
      if (error.details?.status === 404) return true;
      throw error;
    };
    await send('DELETE', path).catch(gone);
    const look = () => send('GET', path).then(() => undefined, gone);
    await eventually(look, `the namespace ${metadata?.name} of a process that is gone is removed`, 120_000);
  }
}

/** A namespace of its own for a test file, deleted afterwards with all that is in it. */
export function useNamespace(label: string): TestNamespace {
  const name = `wpclone-test-${label}-${randomBytes(3).toString('hex')}`;
  let cluster: Cluster;
  const runtimes: Runtime[] = [];
  const send = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) =>
    cluster.send<never>({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      contentType: method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      what: `${method} ${path}`,
      signal: AbortSignal.timeout(30_000),
    });
  const inside = (path: string) => {
    const grouped = /^(apis\/[^ ]+) (.*)$/.exec(path);
    return grouped === null ? `api/v1/namespaces/${name}/${path}` : `${grouped[1]}/namespaces/${name}/${grouped[2]}`;
  };
  const look = (path: string) =>
    send('GET', inside(path)).catch((error: { details?: { status?: number } }) => {
      if (error.details?.status === 404) return undefined;
      throw error;
    });

  const pod = async (id: string): Promise<V1Pod | undefined> => {
    const list: { items: V1Pod[] } = await send('GET', inside(`pods?labelSelector=wpclone.dev%2Fclone%3D${id}`));
    return list.items.find(({ metadata }) => metadata?.deletionTimestamp === undefined);
  };

  beforeAll(async () => {
    if (process.env['KUBECONFIG'] === undefined) throw new Error('KUBECONFIG must name the cluster to test on.');
    cluster = await connectCluster({ namespace: name }, Date.now);
    await sweepNamespaces(send);
    const annotations = { [OWNER]: JSON.stringify(await identityOf(process.pid)) };
    await send('POST', 'api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } });
    // Pods are refused until the controller manager has made it.
    await eventually(() => look('serviceaccounts/default'), 'the namespace has its service account');
  });
  afterAll(async () => {
    for (const runtime of runtimes) await runtime.close?.();
    await send('DELETE', `api/v1/namespaces/${name}`);
    await cluster.close();
  });

  return {
    name,
    get cluster() {
      return cluster;
    },
    get: look,
    apply: (path, body) => send('POST', inside(path), body),
    patch: (path, body) => send('PATCH', inside(path), body),
    label: (labels) => send('PATCH', `api/v1/namespaces/${name}`, { metadata: { labels } }),
    remove: (path, grace = 1) => send('DELETE', inside(path), { gracePeriodSeconds: grace }),
    async runtime({ kubeconfig, ...settings }: RuntimeSettings = {}, changes = {}) {
      const deps = {
        ...context(changes),
        version: '0.1.0',
        insideCluster: false,
        host: 'test',
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
      };
      const runtime = await createKubernetesRuntime({ namespace: name, image: IMAGE, ...settings }, deps);
      runtimes.push(runtime);
      return runtime;
    },
    pod,
    podName: async (id) => (await eventually(() => pod(id), `${id} has a pod`)).metadata?.name ?? '',
    async belongings(id) {
      const paths = ['pods', 'secrets', 'services', 'apis/networking.k8s.io/v1 ingresses'];
      // The clean-up job runs every five minutes, also in the middle of a test: its pods are no clone's.
      const selector = `?labelSelector=${encodeURIComponent('app.kubernetes.io/managed-by=wpclone,app.kubernetes.io/component=instance')}`;
      const lists = await Promise.all(
        paths.map(async (path) => {
          const list: { items: V1Pod[] } = await send('GET', inside(path) + selector);
          const left = list.items.filter((item) => item.metadata?.deletionTimestamp === undefined);
          return left.map(({ metadata }) => ({
            what: `${path.split(' ').at(-1)}/${metadata?.name}`,
            clone: metadata?.labels?.['wpclone.dev/clone'],
          }));
        }),
      );
      const all = lists.flat();
      const pods = new Set(all.map(({ what }) => what));
      const isItsOwn = ({ what, clone }: (typeof all)[number]): boolean =>
        clone === id || (what.startsWith('secrets/unit-') && !pods.has(what.replace('secrets/', 'pods/')));
      return all.filter((each) => id === undefined || isItsOwn(each)).map(({ what }) => what);
    },
  };
}

let counter = 0;
export const cloneId = (label = 'site'): string => `${label}-${(counter += 1)}${randomBytes(1).toString('hex')}`;

export const request = (changes: Partial<ProvisionRequest> = {}): ProvisionRequest => ({
  id: cloneId(),
  sourceUrl: 'http://source.example',
  expiresAt: Date.now() + 3_600_000,
  ...changes,
});

/** What a unit is made of, for tests that make its objects by themselves. */
export const unitPlan = (image: string, changes: Partial<UnitPlan> = {}): UnitPlan => ({
  name: `unit-${randomBytes(5).toString('hex')}`,
  jobId: 'job-of-nobody',
  mark: randomBytes(9).toString('base64url'),
  deadline: new Date(Date.now() + 600_000).toISOString(),
  image,
  revision: 'by-hand',
  secrets: { token: 't', databasePassword: 'd', rootPassword: 'r' },
  ...changes,
});

/** A unit's pod in a state of our choice, that says it holds a clone. */
export function holdingPod(plan: UnitPlan, id: string, state: string): V1Pod {
  const pod = podManifest(plan, parseOptions({}));
  const facts = {
    url: 'http://localhost:20000',
    source: { url: 'http://source.example', wordpressVersion: '', phpVersion: '' },
    adminUsername: '',
    createdAt: new Date().toISOString(),
  };
  const { labels, annotations } = pod.metadata ?? {};
  const marks = {
    'wpclone.dev/claim': `${plan.jobId}/${id}`,
    'wpclone.dev/expires-at': plan.deadline,
    'wpclone.dev/facts': JSON.stringify(facts),
  };
  pod.metadata = {
    name: plan.name,
    labels: { ...labels, 'wpclone.dev/clone': id, 'wpclone.dev/state': state },
    annotations: { ...annotations, ...marks },
  };
  return pod;
}

/** Waits for a condition by looking; for what has no event to wait for. */
export async function eventually<T>(look: () => Promise<T | undefined>, what: string, limit = 120_000): Promise<T> {
  const until = Date.now() + limit;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > until) throw new Error(`It did not happen: ${what}.`);
    await sleep(100);
  }
}

/** Waits until the API server enforces a quota on pods that is used up: it hears of a new one, and of its state, a moment later. */
export async function refusesPods(namespace: TestNamespace): Promise<void> {
  const attempt = () => namespace.apply('pods?dryRun=All', podManifest(unitPlan(IMAGE), parseOptions({})));
  const refused = () =>
    attempt().then(
      () => undefined,
      (error: WpcloneError) => (error.message.includes('used:') ? true : undefined),
    );
  await eventually(refused, 'the quota is in force');
}

/** Signals a container's first process from the node: no process may send itself that signal from inside. */
export async function signalContainer(
  namespace: TestNamespace,
  pod: string,
  container: string,
  signal: 'SIGKILL' | 'SIGSTOP',
): Promise<void> {
  for (const pid of await processesOf(namespace, pod, container)) process.kill(pid, signal);
}

/** The first process of a container, as the node, which is this machine, numbers it. */
export async function processesOf(namespace: TestNamespace, pod: string, container: string): Promise<number[]> {
  const found = await namespace.get(`pods/${pod}`);
  const status = found?.status?.containerStatuses?.find(({ name }) => name === container);
  const id = status?.containerID?.split('//')[1] ?? 'none';
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/cgroup`).includes(id))
    .filter((pid) => /^NSpid:.*\t1$/m.test(read(`/proc/${pid}/status`)))
    .map(Number);
}

export const killContainer = (namespace: TestNamespace, pod: string, container: string): Promise<void> =>
  signalContainer(namespace, pod, container, 'SIGKILL');

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
