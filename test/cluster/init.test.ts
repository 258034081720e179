import type { V1ResourceQuota, V1RoleBinding } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Cluster, ClusterCall } from '../../src/runtime/kubernetes/api/client.ts';
import { applyManifests, planCluster } from '../../src/runtime/kubernetes/cluster/init.ts';
import { parseOptions } from '../../src/runtime/kubernetes/options.ts';
import { failureOf } from '../support/work.ts';
import { changedKubeconfig, useCommands } from './commands.ts';
import { context, eventually, IMAGE, request, useNamespace } from './support.ts';

const namespace = useNamespace('init');
const commands = useCommands(namespace);

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

  test('does not take for a change what controllers write on its objects meanwhile', async () => {
    const quota = 'resourcequotas/wpclone';
    const busy: Cluster = {
      ...namespace.cluster,
      async send<T>(call: ClusterCall): Promise<T> {
        const answer = await namespace.cluster.send<T>(call);
        if (call.method === 'GET' && call.path.endsWith(`/${quota}`)) {
          await namespace.patch(`${quota}/status`, { status: { used: { services: '7' } } });
        }
        return answer;
      },
    };
    const plan = await planCluster(busy, parseOptions({ image: IMAGE }), '0.1.0', { withAgent: false }, context());
    const applied = await applyManifests(busy, plan, false, context());
    expect(applied.filter(({ result }) => result !== 'unchanged')).toEqual([]);
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
    for (const role of ['wpclone', 'wpclone-agent'])
      await namespace.remove(`apis/rbac.authorization.k8s.io/v1 roles/${role}`);
    const environment = { KUBECONFIG: changedKubeconfig({ as: 'owner@example.org' }) };
    const { stdout, code } = await commands.run(['cluster', 'init', '--json'], { environment });
    const { applied }: { applied: Applied[] } = JSON.parse(stdout);
    const forbidden = applied.filter(({ result }) => result === 'forbidden').map(({ detail }) => detail);
    expect(code).toBe(4);
    expect(forbidden[0]).toContain('owner@example.org may not patch namespaces');
    expect(forbidden).toContainEqual(expect.stringContaining('owner@example.org may not patch resourcequotas'));
    // Whoever owns a namespace may not use Leases on this cluster, so they cannot let others; what clones need they can give.
    expect(applied).toContainEqual({ kind: 'Role', name: 'wpclone', result: 'created' });
    expect(applied).toContainEqual({
      kind: 'RoleBinding',
      name: 'wpclone-agent',
      result: 'forbidden',
      detail: 'The Role wpclone-agent was not applied.',
    });
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
    const report = await eventually(async () => {
      const found = await check();
      return refusals(found).length > 0 ? found : undefined;
    }, 'the limit is in force');
    expect(report.code).toBe(1);
    expect(refusals(report)).toEqual([expect.stringMatching(words)]);
    const runtime = await namespace.runtime();
    const error = await failureOf(runtime.provision(request(), context()));
    expect([error.code, error.message]).toEqual(['RULES_FORBID', expect.stringMatching(words)]);
    await namespace.remove('limitranges/narrow');
    await eventually(async () => (refusals(await check()).length === 0 ? true : undefined), 'the limit is gone');
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
