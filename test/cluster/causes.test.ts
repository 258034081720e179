import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KubeConfig } from '@kubernetes/client-node';
import type { Cluster, ClusterCall } from '../../src/runtime/kubernetes/api/client.ts';
import { parseOptions } from '../../src/runtime/kubernetes/options.ts';
import { provisionUnit } from '../../src/runtime/kubernetes/provision/provision.ts';
import type { WpcloneError } from '../../src/shared/errors.ts';
import { failureOf } from '../support/work.ts';
import { makeTemp } from '../support/temp.ts';
import { useCommands } from './commands.ts';
import {
  ABSENT_IMAGE,
  context,
  eventually,
  IMAGE,
  refusesPods,
  request,
  type RuntimeSettings,
  useNamespace,
} from './support.ts';

const namespace = useNamespace('causes');
const commands = useCommands(namespace);

/** How provisioning ends; whatever the cause, nothing may be left. */
async function failure(settings: RuntimeSettings) {
  const runtime = await namespace.runtime(settings);
  const started = Date.now();
  const error = await failureOf(runtime.provision(request(), context()));
  expect(await namespace.belongings()).toEqual([]);
  return { code: error.code, message: error.message, seconds: (Date.now() - started) / 1000 };
}

/** The kubeconfig of the tests with something changed, as a file. */
function kubeconfigWith(change: (config: { clusters: Named[]; users: Named[]; contexts: Named[] }) => void): string {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const config = JSON.parse(kubeConfig.exportConfig());
  change(config);
  const file = join(makeTemp('kubeconfig'), 'config');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
const kubeconfigOf = (user: Record<string, unknown>): string =>
  kubeconfigWith((config) => {
    config.users = config.users.map((named) => ({ ...named, user }));
  });
type Named = { name: string; cluster: Record<string, unknown>; user: Record<string, unknown> };

/** The token of a new service account that may look at pods; it is good until the account is deleted. */
async function accountToken(name: string): Promise<string> {
  const rbac = 'apis/rbac.authorization.k8s.io/v1';
  await namespace.apply('serviceaccounts', { metadata: { name } });
  await namespace.apply(`${rbac} roles`, {
    metadata: { name },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
  });
  await namespace.apply(`${rbac} rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: namespace.name }],
  });
  const answer: { status: { token: string } } = await namespace.cluster.send({
    method: 'POST',
    path: `api/v1/namespaces/${namespace.name}/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    what: 'request a token',
    signal: AbortSignal.timeout(10_000),
  });
  return answer.status.token;
}

describe('provisioning gives up early, with the real cause', () => {
  test('no node fits: the scheduler’s words', async () => {
    const { code, message, seconds } = await failure({ nodeSelector: { 'wpclone.test/none': 'true' } });
    expect(code).toBe('UNSCHEDULABLE');
    expect(message).toMatch(/0\/\d+ nodes are available/);
    expect(seconds).toBeLessThan(25);
  });

  test('the image cannot be pulled', async () => {
    const { code, message, seconds } = await failure({ image: ABSENT_IMAGE });
    expect(code).toBe('IMAGE_UNAVAILABLE');
    expect(message).toContain(ABSENT_IMAGE);
    expect(message).toMatch(/refused|not found|failed/);
    expect(seconds).toBeLessThan(60);
  });

  test('a name that is no image name', async () => {
    expect((await failure({ image: 'Not An Image' })).code).toBe('IMAGE_UNAVAILABLE');
  });

  test('a container that crashes again and again: its last log lines', async () => {
    // The web role of the image does not know the options of a database server.
    const { code, message } = await failure({ databaseImage: IMAGE });
    expect(code).toBe('CONTAINER_CRASHED');
    expect(message).toMatch(/^The container database ended with exit code 64/);
    expect(message).toContain('unknown role --socket=');
  });

  test('not ready in time', async () => {
    const tight = { requests: { cpu: '1m', memory: '16Mi' }, limits: { cpu: '1m', memory: '256Mi' } };
    const { code, message } = await failure({ provisionSeconds: 5, resources: { sidecar: tight } });
    expect(code).toBe('PROVISION_TIMED_OUT');
    expect(message).toMatch(/not ready after 5 s/);
  });

  // What hangs on the pod would go after it by itself, but later: whoever was told of the failure finds nothing any more.
  test.each([
    { how: 'at once', belongs: false, grace: 1 },
    { how: 'when all that belongs to it is there', belongs: true, grace: 1 },
    { how: 'by force, when all that belongs to it is there', belongs: true, grace: 0 },
  ])('somebody deletes the pod while it starts, $how', async ({ belongs, grace }) => {
    const runtime = await namespace.runtime({ image: ABSENT_IMAGE });
    const clone = request();
    const provisioning = failureOf(runtime.provision(clone, context()));
    const pod = await namespace.podName(clone.id);
    if (belongs) await eventually(() => namespace.get(`services/wpclone-${clone.id}`), 'the Service is there');
    await namespace.remove(`pods/${pod}`, grace);
    const error = await provisioning;
    expect(error.code).toBe('INSTANCE_LOST');
    expect(error.message).toMatch(/delet/);
    expect(await namespace.belongings()).toEqual([]);
  });

  test('somebody deletes the pod before anybody has looked at it', { timeout: 30_000 }, async () => {
    const quick: Cluster = {
      ...namespace.cluster,
      async send<T>(call: ClusterCall): Promise<T> {
        const answer = await namespace.cluster.send<T>(call);
        const pod = /\/(pods\/unit-[0-9a-f]+)$/.exec(call.path)?.[1];
        if (call.method === 'PATCH' && pod !== undefined) await namespace.remove(pod, 0);
        return answer;
      },
    };
    const deps = { options: parseOptions({ image: ABSENT_IMAGE }), version: '0.1.0', insideCluster: false };
    const error = await failureOf(provisionUnit({ ...deps, cluster: quick }, request(), context()));
    expect([error.code, error.message]).toEqual(['INSTANCE_LOST', expect.stringMatching(/delet/)]);
    expect(await namespace.belongings()).toEqual([]);
  });

  test('the quota is used up', async () => {
    const quota = { metadata: { name: 'full' }, spec: { hard: { pods: '0' } } };
    await namespace.apply('resourcequotas', quota);
    await refusesPods(namespace);
    const { code, message } = await failure({});
    expect(code).toBe('QUOTA_EXCEEDED');
    expect(message).toMatch(/pods=1.*limited: pods=0/);
    await namespace.remove('resourcequotas/full');
  });
});

describe('a cluster that cannot be used', () => {
  test('a user without rights: which verb on which resource', async () => {
    const kubeconfig = kubeconfigWith(({ users }) => {
      for (const { user } of users) user['as'] = 'somebody@example.org';
    });
    const { code, message } = await failure({ kubeconfig });
    expect(code).toBe('CLUSTER_FORBIDDEN');
    expect(message).toMatch(
      /^somebody@example\.org may not (list pods|create secrets) in namespace wpclone-test-causes/,
    );
  });

  test('a log-in that has expired', async () => {
    expect((await failure({ kubeconfig: kubeconfigOf({ token: 'expired' }) })).code).toBe('CLUSTER_AUTH');
  });

  test('a log-in that is renewed while work goes on is taken up, by a program as by a file', async () => {
    const [first, second] = await Promise.all([accountToken('first'), accountToken('second')]);
    const folder = makeTemp('renewed');
    const [token, program] = [join(folder, 'token'), join(folder, 'program')];
    writeFileSync(token, first);
    const answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}';
    writeFileSync(program, `#!/bin/sh\nprintf '${answer}' "$(cat ${token})"\n`, { mode: 0o755 });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: program, interactiveMode: 'Never' };
    const users: Record<string, unknown>[] = [{ exec }, { tokenFile: token }];
    const runtimes = await Promise.all(users.map((user) => namespace.runtime({ kubeconfig: kubeconfigOf(user) })));
    const lists = () => Promise.all(runtimes.map((runtime) => runtime.list(context())));
    await eventually(async () => lists().catch(() => undefined), 'the API server knows of the new rights');
    expect(await lists()).toEqual([[], []]);

    await namespace.remove('serviceaccounts/first');
    const refused = await namespace.runtime({ kubeconfig: kubeconfigOf({ token: first }) });
    await eventually(async () => {
      const code = await refused.list(context()).then(
        () => undefined,
        (error: WpcloneError) => error.code,
      );
      return code === 'CLUSTER_AUTH' ? true : undefined;
    }, 'the API server forgets that the first token was good');
    writeFileSync(token, second);
    expect(await lists()).toEqual([[], []]);
  });

  test('a namespace that does not exist', async () => {
    const runtime = await namespace.runtime({ namespace: 'wpclone-test-missing' });
    for (const work of [() => runtime.provision(request(), context()), () => runtime.list(context())]) {
      const error = await failureOf(work());
      expect(error.code).toBe('NAMESPACE_MISSING');
      expect(error.nextSteps.join(' ')).toContain('wpclone cluster init');
    }
  });

  test('a context that does not exist: which there are', async () => {
    const error = await failureOf(namespace.runtime({ context: 'elsewhere' }));
    expect(error.code).toBe('KUBECONFIG_INVALID');
    expect(error.message).toMatch(/no context elsewhere; it has \S+/);
  });

  test('no kubeconfig at all', async () => {
    const { stdout, code } = await commands.run(['list', '--json'], { environment: { KUBECONFIG: undefined } });
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'KUBECONFIG_INVALID']);
  });

  test('nobody answers at the address', async () => {
    const kubeconfig = kubeconfigWith(({ clusters }) => {
      for (const { cluster } of clusters) cluster['server'] = 'https://127.0.0.1:9';
    });
    const { code, message, seconds } = await failure({ kubeconfig });
    expect(code).toBe('CLUSTER_UNREACHABLE');
    expect(message).toContain('https://127.0.0.1:9');
    expect(seconds).toBeLessThan(8);
  });

  test('a certificate that does not fit', async () => {
    const kubeconfig = kubeconfigWith(({ clusters }) => {
      for (const { cluster } of clusters) {
        // In the file itself, or beside it.
        delete cluster['certificate-authority-data'];
        delete cluster['certificate-authority'];
      }
    });
    const { code, message } = await failure({ kubeconfig });
    expect(code).toBe('CLUSTER_UNREACHABLE');
    expect(message).toMatch(/certificate/i);
  });

  test('a setting that makes no sense', async () => {
    const error = await failureOf(namespace.runtime({ provisionSeconds: 'soon', colour: 'red' }));
    expect(error.code).toBe('BAD_CONFIG');
    expect(error.message).toContain('colour');
  });
});
