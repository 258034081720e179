import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { useCommands } from './commands.ts';
import { context, eventually, HOST, IMAGE, request, useNamespace } from './support.ts';

const namespace = useNamespace('init');
const commands = useCommands(namespace);
let source: Source;

beforeAll(async () => {
  source = await startSource({ host: HOST });
});
afterAll(() => source.stop());

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
    await namespace.apply('limitranges', {
      metadata: { name: 'small' },
      spec: { limits: [{ type: 'Container', max: { memory: '300Mi' } }] },
    });
    const small = await eventually(async () => {
      const report = await check();
      return report.findings.some(({ name, status }) => name === 'quota' && status === 'failed') ? report : undefined;
    }, 'the quota is in force');
    expect(small.code).toBe(1);
    expect(small.findings.find(({ name, status }) => name === 'quota' && status === 'failed')?.detail).toContain(
      '100Mi',
    );
    expect(small.findings.find(({ name }) => name === 'limits')?.detail).toMatch(/container \w+ asks for/);
    await Promise.all([namespace.remove('resourcequotas/small'), namespace.remove('limitranges/small')]);
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
  test('may do all that a clone takes, from outside the cluster', async () => {
    const answer: { status: { token: string } } = await namespace.cluster.send({
      method: 'POST',
      path: `api/v1/namespaces/${namespace.name}/serviceaccounts/wpclone/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
      what: 'request a token',
      signal: AbortSignal.timeout(10_000),
    });
    const kubeconfig = changedKubeconfig({ token: answer.status.token }, true);
    const environment = { KUBECONFIG: kubeconfig, WPCLONE_SOURCE_PASSWORD: source.adminPassword };
    const argv = ['clone', source.url, '--username', source.adminUser];
    const { clone_id: id } = await commands.json<{ clone_id: string }>(argv, { environment });
    const opened = commands.start(['open', id, '--print'], { environment });
    await opened.seen(/Forwarding/);
    opened.process.kill('SIGINT');
    await opened.finished;
    await commands.json(['delete', id, '--force'], { environment });
    const { code, stdout } = await commands.run(['cluster', 'check', '--json'], { environment });
    expect([code, stdout.includes('may not')]).toEqual([0, false]);
  });

  test('makes a clone from inside the cluster, talking to the pod directly', async () => {
    const log = await runInside(['clone', source.url, '--username', source.adminUser, '--name', 'inside', '--json'], {
      WPCLONE_SOURCE_PASSWORD: source.adminPassword,
      WPCLONE_KUBERNETES_IMAGE: IMAGE,
    });
    expect(JSON.parse(log.slice(log.indexOf('{\n')))).toMatchObject({ clone_id: 'inside', status: 'ready' });
    await commands.json(['delete', 'inside', '--force']);
  });

  test('cleans up by the job that is shipped', async () => {
    const runtime = await namespace.runtime();
    const clone = request();
    await runtime.provision(clone, context());
    const past = new Date(Date.now() - 1000).toISOString();
    await namespace.patch(`pods/wpclone-${clone.id}`, { metadata: { annotations: { 'wpclone.dev/deadline': past } } });
    expect(await runInside(['gc'])).toContain(`removed ${clone.id}`);
    const left = await namespace.belongings();
    expect(left.filter((name) => name.includes(clone.id))).toEqual([]);
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
