import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig, type V1ResourceQuota, type V1RoleBinding } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request as undici } from 'undici';
import { parseAllDocuments } from 'yaml';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';
import { type Report, useCommands } from './commands.ts';
import { context, eventually, HOST, IMAGE, request, useNamespace } from './support.ts';

const namespace = useNamespace('init');
const commands = useCommands(namespace);
let source: Source;

beforeAll(async () => {
  source = await startSource({ host: HOST });
});
afterAll(() => source.stop());

interface Applied {
  readonly kind: string;
  readonly result: string;
  readonly detail?: string;
}

interface Check {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly name: string;
    readonly status: string;
    readonly detail: string;
    readonly fix?: string;
  }[];
}

async function check(...more: string[]): Promise<Check & { code: number | null }> {
  const { stdout, code } = await commands.run(['cluster', 'check', '--json', ...more]);
  return { ...JSON.parse(stdout), code };
}

/** What the server says about another clone when it is asked to make one without keeping it. */
const refusals = ({ findings }: Check): string[] =>
  findings.filter(({ name, status }) => name === 'dry-run' && status === 'failed').map(({ detail }) => detail);

describe('wpclone cluster init', () => {
  test('--dry-run prints what would be applied, and applies nothing', async () => {
    const { stdout, code } = await commands.run(['cluster', 'init', '--dry-run']);
    expect(code).toBe(0);
    const kinds = parseAllDocuments(stdout).map((document) => document.toJS().kind);
    expect(kinds).toContain('CronJob');
    expect(await namespace.get('serviceaccounts/wpclone')).toBeUndefined();
  });

  test('makes a namespace that check finds nothing wrong with, and changes nothing the second time', async () => {
    expect((await check()).findings).toContainEqual(expect.objectContaining({ name: 'clean-up', status: 'warning' }));
    const first = await commands.json<{ applied: { result: string }[] }>(['cluster', 'init']);
    expect(new Set(first.applied.slice(1).map(({ result }) => result))).toEqual(new Set(['created']));
    const second = await commands.json<{ applied: { result: string }[] }>(['cluster', 'init']);
    expect(new Set(second.applied.map(({ result }) => result))).toEqual(new Set(['unchanged']));
    const { ok, code, findings } = await check();
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect([ok, code]).toEqual([true, 0]);
  });

  test('leaves what others wrote on the same objects', async () => {
    await namespace.patch('serviceaccounts/wpclone', { metadata: { annotations: { 'example.org/role': 'arn:x' } } });
    await commands.json(['cluster', 'init']);
    const account = await namespace.get('serviceaccounts/wpclone');
    expect(account?.metadata?.annotations).toMatchObject({ 'example.org/role': 'arn:x' });
  });

  test('keeps a quota that somebody raised and a binding that somebody extended, until told to put back what is shipped', async () => {
    const bindings = 'apis/rbac.authorization.k8s.io/v1 rolebindings/wpclone';
    const subjects = [{ kind: 'Group', name: 'developers', apiGroup: 'rbac.authorization.k8s.io' }];
    await namespace.patch('resourcequotas/wpclone-pods', { spec: { hard: { pods: '99' } } });
    await namespace.patch(bindings, { subjects });
    const pods = async () =>
      (await namespace.get<V1ResourceQuota>('resourcequotas/wpclone-pods'))?.spec?.hard?.['pods'];

    const { applied } = await commands.json<{ applied: Applied[] }>(['cluster', 'init']);
    const kept = applied.filter(({ result }) => result === 'kept');
    expect(kept.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['RoleBinding', 'Somebody else set subjects.'],
      ['ResourceQuota', 'Somebody else set spec.hard.pods.'],
    ]);
    expect(await pods()).toBe('99');
    expect(await namespace.get<V1RoleBinding>(bindings)).toMatchObject({ subjects });

    await commands.json(['cluster', 'init', '--force']);
    expect(await pods()).toBe('60');
    expect(await namespace.get<V1RoleBinding>(bindings)).toMatchObject({ subjects: [{ name: 'wpclone' }] });
  });
});

describe('somebody who owns a namespace but not the cluster', () => {
  test('applies what they may, is told what they may not, and ends with 4', async () => {
    const binding = {
      metadata: { name: 'owner' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ kind: 'User', name: 'owner@example.org', apiGroup: 'rbac.authorization.k8s.io' }],
    };
    await namespace.apply('apis/rbac.authorization.k8s.io/v1 rolebindings', binding);
    await namespace.remove('apis/rbac.authorization.k8s.io/v1 roles/wpclone');
    const environment = { KUBECONFIG: changedKubeconfig({ as: 'owner@example.org' }) };
    const { stdout, code } = await commands.run(['cluster', 'init', '--json'], { environment });
    const { applied }: { applied: Applied[] } = JSON.parse(stdout);
    const forbidden = applied.filter(({ result }) => result === 'forbidden').map(({ detail }) => detail);
    expect([code, ...forbidden.slice(0, 2)]).toEqual([
      4,
      expect.stringContaining('owner@example.org may not patch namespaces'),
      expect.stringContaining('owner@example.org may not patch resourcequotas'),
    ]);
    expect(applied).toContainEqual({ kind: 'Role', name: 'wpclone', result: 'created' });
    expect(await namespace.get('apis/rbac.authorization.k8s.io/v1 roles/wpclone')).toBeDefined();

    const elsewhere = await commands.run(['cluster', 'init', '--namespace', 'wpclone-test-nowhere'], { environment });
    expect([elsewhere.code, elsewhere.stderr]).toEqual([4, expect.stringContaining('may not')]);
  });
});

describe('wpclone cluster check', () => {
  test('names what is missing or too small, with the fix, and ends with 1', async () => {
    const missing = await check('--namespace', 'wpclone-test-nowhere');
    expect(missing.code).toBe(1);
    expect(missing.findings).toContainEqual(
      expect.objectContaining({
        name: 'namespace',
        status: 'failed',
        fix: expect.stringContaining('wpclone cluster init'),
      }),
    );

    await namespace.apply('resourcequotas', {
      metadata: { name: 'small' },
      spec: { hard: { 'requests.memory': '100Mi' } },
    });
    const small = await eventually(async () => {
      const report = await check();
      return refusals(report).length > 0 ? report : undefined;
    }, 'the quota is in force');
    expect(small.code).toBe(1);
    expect(refusals(small)).toEqual([expect.stringMatching(/limited: requests.memory=100Mi/)]);
    await namespace.remove('resourcequotas/small');
  });

  test.each([
    ['a limit that is too low', { max: { memory: '300Mi' } }, /maximum memory usage per Container is 300Mi/],
    ['a limit that is too high', { min: { cpu: '100m' } }, /minimum cpu usage per Container is 100m/],
  ])('says in the server’s words what a clone would be told: %s', async (_, limit, words) => {
    await namespace.apply('limitranges', {
      metadata: { name: 'narrow' },
      spec: { limits: [{ type: 'Container', ...limit }] },
    });
    const report = await check();
    expect(report.code).toBe(1);
    expect(refusals(report)).toEqual([expect.stringMatching(words)]);
    const runtime = await namespace.runtime();
    const error = await failureOf(runtime.provision(request(), context()));
    expect([error.code, error.message]).toEqual(['RULES_FORBID', expect.stringMatching(words)]);
    await namespace.remove('limitranges/narrow');
    expect(refusals(await check())).toEqual([]);
    expect(await namespace.belongings()).toEqual([]);
  });

  test('names each right that a user lacks', async () => {
    const kubeconfig = changedKubeconfig({ as: 'somebody@example.org' });
    const { stdout, code } = await commands.run(['cluster', 'check', '--json'], {
      environment: { KUBECONFIG: kubeconfig },
    });
    expect(code).toBe(1);
    const { findings }: Check = JSON.parse(stdout);
    const details = findings.filter(({ name }) => name === 'rights').map(({ detail }) => detail);
    expect(details).toContain('may not create pods, needed for clones');
    expect(details).toContain('may not create pods/proxy, needed for talking to an instance');
  });
});

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
    const { findings } = await run<Check>('cluster', 'check');
    expect(findings.map(({ detail }) => detail).filter((detail) => detail.includes('may not'))).toEqual([]);
    await run('delete', id, '--force');
    expect(await namespace.belongings()).toEqual([]);
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
    await namespace.patch(`pods/wpclone-${clone.id}`, { metadata: { annotations: { 'wpclone.dev/deadline': past } } });
    const narrow = { apiVersion: 'v1', spec: { hard: { pods: '1' } } };
    await namespace.patch('resourcequotas/wpclone-pods', narrow);
    await eventually(async () => {
      const { code } = await failureOf(runtime.provision(request(), context()));
      return code === 'QUOTA_EXCEEDED' ? true : undefined;
    }, 'the quota is full');
    expect(await runInside(['gc'])).toContain(`removed ${clone.id}`);
    const left = await namespace.belongings();
    expect(left.filter((name) => name.includes(clone.id))).toEqual([]);
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

/** The tests' kubeconfig with another user. */
function changedKubeconfig(user: Readonly<Record<string, string>>, replace = false): string {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const config = JSON.parse(kubeConfig.exportConfig());
  for (const each of config.users) each.user = replace ? user : { ...each.user, ...user };
  const file = join(makeTemp('kubeconfig'), 'config');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
