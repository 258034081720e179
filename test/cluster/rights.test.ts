import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request as undici } from 'undici';
import { parseAllDocuments } from 'yaml';
import { batchVersion } from '../../src/runtime/kubernetes/cluster/init.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';
import { changedKubeconfig, type Report, useCommands } from './commands.ts';
import { context, eventually, HOST, IMAGE, refusesPods, request, useNamespace } from './support.ts';

const namespace = useNamespace('rights');
const commands = useCommands(namespace);
let source: Source;

beforeAll(async () => {
  source = await startSource({ host: HOST });
  await commands.json(['cluster', 'init']);
  // What is to be cleaned up here is nobody's but the tests': the job may not come in between.
  const batch = `apis/batch/${await batchVersion(namespace.cluster, context())}`;
  await namespace.patch(`${batch} cronjobs/wpclone-gc`, { spec: { suspend: true } });
});
afterAll(() => source.stop());

describe('the service account of cluster init', () => {
  const statusOf = async (url: string) => {
    const { statusCode, body } = await undici(url);
    await body.dump();
    return statusCode;
  };
  test.each([
    ['without a domain', {}, /Forwarding/, statusOf],
    ['with a domain', { WPCLONE_KUBERNETES_DOMAIN: 'clones.example' }, /wpclone-login=/, async () => 200],
  ])('may do all that clones take, from outside the cluster: %s', async (_, settings, shown, reach) => {
    const environment = { KUBECONFIG: await accountKubeconfig(), WPCLONE_SOURCE_PASSWORD: source.adminPassword };
    Object.assign(environment, settings);
    const run = <T>(...words: string[]) => commands.json<T>(words, { environment });
    const { clone_id: id, clone_url: url } = await run<Report>('clone', source.url, '--username', source.adminUser);
    const opened = commands.start(['open', id, '--print'], { environment });
    await opened.seen(shown);
    expect(await reach(url)).toBe(200);
    opened.process.kill('SIGINT');
    await opened.finished;
    for (const verb of ['show', 'logs', 'reset', 'mail']) await run(verb, id);
    await run('extend', id, '2h');
    expect(await run('list')).toMatchObject({ clones: [{ clone_id: id }] });
    await run('gc');
    const { findings } = await run<{ findings: { detail: string }[] }>('cluster', 'check');
    expect(findings.map(({ detail }) => detail).filter((detail) => detail.includes('may not'))).toEqual([]);
    await run('delete', id, '--force');
    expect(await namespace.belongings()).toEqual([]);
  });

  test('somebody who may only look at pods lists the clones, and is told by gc what they could not remove', async () => {
    const rbac = 'apis/rbac.authorization.k8s.io/v1';
    const name = 'viewer@example.org';
    const rules = [
      { apiGroups: [''], resources: ['pods', 'secrets', 'services'], verbs: ['get', 'list'] },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list'] },
    ];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'viewer' };
    await namespace.apply(`${rbac} roles`, { metadata: { name: 'viewer' }, rules });
    await namespace.apply(`${rbac} rolebindings`, {
      metadata: { name: 'viewer' },
      roleRef,
      subjects: [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }],
    });
    const environment = { KUBECONFIG: changedKubeconfig({ as: name }) };
    const secret = {
      metadata: {
        name: 'wpclone-orphan',
        labels: {
          'app.kubernetes.io/managed-by': 'wpclone',
          'app.kubernetes.io/component': 'instance',
          'wpclone.dev/clone': 'orphan',
        },
        annotations: { 'wpclone.dev/deadline': new Date(Date.now() - 1000).toISOString() },
      },
    };
    await namespace.apply('secrets', secret);
    await eventually(
      async () => ((await commands.run(['list'], { environment })).code === 0 ? true : undefined),
      'the API server knows of the new rights',
    );
    expect(await commands.json(['list'], { environment })).toEqual({ clones: [] });
    const { code, stdout } = await commands.run(['gc', '--json'], { environment });
    expect([code, JSON.parse(stdout).error.message]).toEqual([
      4,
      `orphan could not be removed: ${name} may not delete secrets in namespace ${namespace.name}.`,
    ]);
    expect(await commands.json(['gc'])).toEqual({ removed: ['orphan'] });
  });

  test('makes a clone from inside the cluster, talking to the pod directly', async () => {
    const log = await runInside(['clone', source.url, '--username', source.adminUser, '--name', 'inside', '--json'], {
      WPCLONE_SOURCE_PASSWORD: source.adminPassword,
      WPCLONE_KUBERNETES_IMAGE: IMAGE,
    });
    expect(JSON.parse(log.slice(log.indexOf('{\n')))).toMatchObject({ clone_id: 'inside', status: 'ready' });
    await commands.json(['delete', 'inside', '--force']);
  });

  test('cleans up by the job that is shipped, also when the clones have used up their quota', async () => {
    const runtime = await namespace.runtime();
    const clone = request();
    await runtime.provision(clone, context());
    const past = new Date(Date.now() - 1000).toISOString();
    await namespace.patch(`pods/${await namespace.podName(clone.id)}`, {
      metadata: { annotations: { 'wpclone.dev/deadline': past } },
    });
    await namespace.patch('resourcequotas/wpclone-pods', { spec: { hard: { pods: '1' } } });
    await refusesPods(namespace);
    expect((await failureOf(runtime.provision(request(), context()))).code).toBe('QUOTA_EXCEEDED');
    expect(await runInside(['gc'])).toContain(`removed ${clone.id}`);
    expect(await namespace.belongings(clone.id)).toEqual([]);
    await commands.json(['cluster', 'init', '--force']);
  });
});

/** Runs wpclone in the cluster as the shipped CronJob would, with other arguments, and returns its log. */
async function runInside(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await commands.run(['cluster', 'init', '--dry-run']);
  const job = parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .find(({ kind }) => kind === 'CronJob').spec.jobTemplate;
  const [container] = job.spec.template.spec.containers;
  container.args = ['wpclone', ...argv, '--runtime', 'kubernetes', '--namespace', namespace.name];
  container.env.push(...Object.entries(environment).map(([name, value]) => ({ name, value })));
  const name = `inside-${randomBytes(3).toString('hex')}`;
  await namespace.apply('apis/batch/v1 jobs', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: job.spec,
  });
  const ended = await eventually(
    async () => {
      const found = await namespace.get<{ status?: { succeeded?: number; failed?: number } }>(
        `apis/batch/v1 jobs/${name}`,
      );
      return (found?.status?.succeeded ?? found?.status?.failed) === undefined ? undefined : found;
    },
    'the job ends',
    120_000,
  );
  const pods = await namespace.get<{ items: { metadata: { name: string } }[] }>(
    `pods?labelSelector=job-name%3D${name}`,
  );
  const path = `api/v1/namespaces/${namespace.name}/pods/${pods?.items[0]?.metadata.name}/log`;
  const answer = await namespace.cluster.open({
    method: 'GET',
    path,
    what: 'read the log',
    signal: AbortSignal.timeout(10_000),
  });
  const log = await answer.body.text();
  if (ended.status?.succeeded !== 1) throw new Error(`The job failed:\n${log}`);
  return log;
}

/** A kubeconfig of the service account that is shipped. */
async function accountKubeconfig(): Promise<string> {
  const answer: { status: { token: string } } = await namespace.cluster.send({
    method: 'POST',
    path: `api/v1/namespaces/${namespace.name}/serviceaccounts/wpclone/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
    what: 'request a token',
    signal: AbortSignal.timeout(10_000),
  });
  return changedKubeconfig({ token: answer.status.token }, true);
}
