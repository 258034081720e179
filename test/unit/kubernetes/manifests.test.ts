import { readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import type { V1CronJob, V1Deployment, V1NetworkPolicy } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadSettings } from '../../../src/cli/config/load.ts';
import { packagePath } from '../../../src/shared/package-root.ts';
import { clusterManifests } from '../../../src/runtime/kubernetes/cluster/manifests.ts';
import { rightsNeeded } from '../../../src/runtime/kubernetes/cluster/rights.ts';
import { podManifest, secretManifest, type UnitPlan } from '../../../src/runtime/kubernetes/provision/manifests.ts';
import {
  ingressManifest,
  ownerOf,
  serviceManifest,
} from '../../../src/runtime/kubernetes/provision/network-manifests.ts';
import { lockManifest } from '../../../src/runtime/kubernetes/provision/name.ts';
import { revisionOf } from '../../../src/runtime/kubernetes/provision/revision.ts';
import { type KubernetesOptions, parseOptions } from '../../../src/runtime/kubernetes/options.ts';
import { parseUnit } from '../../../src/runtime/kubernetes/unit/unit.ts';
import { makeTemp } from '../../support/temp.ts';
import { schemaErrors } from './schema.ts';

const plan: UnitPlan = {
  name: 'unit-0123456789',
  jobId: 'job-1',
  mark: 'mark-0123456789',
  deadline: '2026-01-01T00:05:00.000Z',
  image: 'registry.example/instance:1',
  php: '8.2',
  revision: 'revision-1',
  secrets: { token: 'token-1', databasePassword: 'password-2', rootPassword: 'password-3' },
};
const claim = { id: 'job-1/mysite-k3f', cloneId: 'mysite-k3f' };
const settings = {
  domain: 'clones.example',
  ingressClass: 'nginx',
  clusterIssuer: 'letsencrypt',
  databaseImage: 'mysql:8.0',
  imagePullSecrets: ['registry'],
  tolerations: [{ key: 'staging', operator: 'Exists' }],
};
const owner = ownerOf({ name: plan.name, uid: 'uid-1' });

const manifestSettings = (options: KubernetesOptions, withAgent: boolean) => ({
  namespace: 'clones',
  withAgent,
  image: 'i',
  options,
  batchVersion: 'v1',
});

describe('what is shipped fits the schemas of current Kubernetes', () => {
  const options = { ...parseOptions(settings), domain: 'clones.example' };
  test.each([
    ['V1Pod', podManifest(plan, options)],
    ['V1Pod', podManifest(plan, parseOptions({}))],
    ['V1Secret', secretManifest(plan)],
    ['V1Secret', lockManifest(claim, plan.deadline)],
    ['V1Service', serviceManifest(claim.cloneId, owner, claim.id)],
    ['V1Ingress', ingressManifest(claim.cloneId, owner, claim.id, options)],
  ])('%s of a clone', (type, manifest) => {
    expect(schemaErrors(type, JSON.parse(JSON.stringify(manifest)))).toEqual([]);
  });

  test('all that cluster init applies', async () => {
    const given = parseOptions({ ...settings, nodeSelector: { pool: 'staging' } });
    const manifests = await clusterManifests(manifestSettings(given, true));
    expect(manifests.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'ServiceAccount',
      'Role',
      'RoleBinding',
      'Role',
      'RoleBinding',
      'ResourceQuota',
      'ResourceQuota',
      'LimitRange',
      'NetworkPolicy',
      'CronJob',
      'PersistentVolumeClaim',
      'Deployment',
      'Service',
    ]);
    for (const manifest of manifests) expect(schemaErrors(`V1${manifest.kind}`, manifest)).toEqual([]);
    expect(JSON.stringify(manifests)).not.toContain('wordpress-staging');
    const without = await clusterManifests(manifestSettings(given, false));
    expect(without.map(({ kind }) => kind)).toEqual(manifests.slice(0, -3).map(({ kind }) => kind));
  });

  test('the agent in a cluster makes clones with the settings of whoever put it there', async () => {
    const given = parseOptions({
      ...settings,
      image: 'own:1',
      storage: { site: '1Gi' },
      context: 'here',
      namespace: 'clones',
    });
    const manifests = await clusterManifests(manifestSettings(given, true));
    const deployment = manifests.find(({ kind }) => kind === 'Deployment') as unknown as V1Deployment;
    const environment = deployment.spec?.template.spec?.containers[0]?.env ?? [];
    const own = environment.filter(({ name }) => name.startsWith('WPCLONE_KUBERNETES_'));
    const folder = makeTemp('nobody');
    const found = loadSettings({
      environment: { HOME: folder, ...Object.fromEntries(own.map(({ name, value }) => [name, value])) },
      workingFolder: folder,
    });
    const { context: _context, namespace: _namespace, ...wanted } = given;
    expect(parseOptions(found.kubernetes ?? {})).toEqual(wanted);
    expect(revisionOf(parseOptions(found.kubernetes ?? {}), '1.0.0')).toBe(revisionOf(given, '1.0.0'));
  });

  test('the clean-up job runs where clones run', async () => {
    const given = parseOptions({ ...settings, nodeSelector: { pool: 'staging' }, imagePullPolicy: 'Always' });
    const manifests = await clusterManifests(manifestSettings(given, false));
    const job = manifests.find(({ kind }) => kind === 'CronJob') as unknown as V1CronJob;
    const [pod, clone] = [job.spec?.jobTemplate.spec?.template.spec, podManifest(plan, given).spec];
    for (const key of ['nodeSelector', 'tolerations', 'imagePullSecrets'] as const) {
      expect(pod?.[key]).toEqual(clone?.[key]);
    }
    expect(pod?.containers[0]).toMatchObject({ image: 'i', imagePullPolicy: 'Always' });
  });

  test('the check itself notices what a schema does not have', () => {
    expect(schemaErrors('V1Pod', { spec: { containers: [{ name: 1, colour: 'red' }] } })).toEqual([
      'V1Pod.spec.containers[0].name is not a string',
      'V1Pod.spec.containers[0].colour is not in the schema',
    ]);
  });
});

describe('a clone’s pod', () => {
  test('says about itself what is read back from it', () => {
    const pod = podManifest(plan, parseOptions({}));
    const { unit } = parseUnit({ ...pod, metadata: { ...pod.metadata, uid: 'uid-1' } });
    expect(unit).toMatchObject({
      name: plan.name,
      cloneId: undefined,
      state: 'CREATING',
      epoch: 0,
      jobId: plan.jobId,
      revision: plan.revision,
      image: plan.image,
      phpVersion: '8.2',
      uses: 0,
    });
  });

  test('is of a revision that follows from all that it is made of, and from nothing else', () => {
    const revision = revisionOf(parseOptions({}), '1.0.0');
    expect(revisionOf(parseOptions({ domain: 'clones.example', context: 'elsewhere' }), '1.0.0')).toBe(revision);
    const others = [{ image: 'other:1' }, { images: { '7.4': 'old:1' } }, { databaseImage: 'mysql:8.0' }];
    const changed = [...others, { storage: { site: '1Gi' } }, { nodeSelector: { pool: 'a' } }].map(parseOptions);
    const revisions = [
      ...changed.map((options) => revisionOf(options, '1.0.0')),
      revisionOf(parseOptions({}), '1.0.1'),
    ];
    expect(new Set([revision, ...revisions]).size).toBe(revisions.length + 1);
  });

  test('tells nobody whose it will be: no name of a clone, no address, nothing by environment', () => {
    const pod = podManifest(plan, parseOptions({}));
    expect(Object.keys(pod.metadata?.labels ?? {})).not.toContain('wpclone.dev/clone');
    expect(JSON.stringify(pod)).not.toMatch(/127\.0\.0\.1:|URL/);
  });

  test('holds no secret but by reference', () => {
    const text = JSON.stringify(podManifest(plan, parseOptions({})));
    for (const secret of Object.values(plan.secrets)) expect(text).not.toContain(secret);
  });

  test('gives its sidecar the database’s folder and says how much fits, unless the database is of another image', () => {
    const sidecar = (given: Record<string, unknown>) => {
      const pod = podManifest(plan, parseOptions(given));
      return JSON.stringify(pod.spec?.containers.find(({ name }) => name === 'sidecar'));
    };
    expect(sidecar({ storage: { database: '2Gi' } })).toContain('"value":"2147483648"');
    expect(sidecar({})).toContain('"mountPath":"/var/lib/mysql"');
    expect(sidecar({ databaseImage: 'mysql:8.0' })).not.toMatch(/\/var\/lib\/mysql|DATABASE_VOLUME/);
  });

  test('takes an official database image by its own environment and options', () => {
    const [, database] = podManifest(plan, parseOptions(settings)).spec?.containers ?? [];
    expect(database?.image).toBe('mysql:8.0');
    expect(database?.args?.every((argument) => argument.startsWith('--'))).toBe(true);
    expect(database?.args).toContain('--bind-address=127.0.0.1');
    expect(database?.env?.map(({ name }) => name)).toContain('MYSQL_ROOT_PASSWORD_FILE');
  });
});

test('the role that is shipped grants exactly the rights that are needed, which check asks for', () => {
  type Rules = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[];
  const rules = ['role', 'lease'].flatMap((name) => {
    const [role] = parseAllDocuments(readFileSync(packagePath('templates', 'kubernetes', `${name}.yaml`), 'utf8'));
    return ((role?.toJS() ?? { rules: [] }) as { rules: Rules }).rules;
  });
  const granted = rules.flatMap(({ apiGroups, resources, resourceNames = [''], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${resource} ${group} ${name}`)),
      ),
    ),
  );
  const needed = rightsNeeded(true).map(
    ({ group, resource, verb, name = '' }) => `${verb} ${resource} ${group} ${name}`,
  );
  expect(granted.sort()).toEqual(needed.sort());
});

describe('the network policy, as Kubernetes defines it (which is not enforced on the test cluster)', () => {
  const file = readFileSync(packagePath('templates', 'kubernetes', 'network-policy.yaml'), 'utf8');
  const policy = parseAllDocuments(file)[0]?.toJS() as V1NetworkPolicy;
  const family = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');
  const inBlock = (address: string, cidr: string): boolean => {
    const [network = '', prefix] = cidr.split('/');
    const list = new BlockList();
    list.addSubnet(network, Number(prefix), family(network));
    return family(network) === family(address) && list.check(address, family(address));
  };
  const mayReach = (address: string, port: number): boolean =>
    (policy.spec?.egress ?? []).some(
      ({ to, ports }) =>
        (ports ?? [{ port }]).some((each) => each.port === port) &&
        (to ?? [{ ipBlock: { cidr: `${address}/${family(address) === 'ipv4' ? 32 : 128}` } }]).some(
          ({ ipBlock: { cidr = '', except = [] } = {} }) =>
            inBlock(address, cidr) && !except.some((left) => inBlock(address, left)),
        ),
    );

  test.each(['169.254.169.254', '168.63.129.16', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'])(
    'keeps a clone from the credentials that a cloud hands out at %s',
    (address) => {
      expect(mayReach(address, 80)).toBe(false);
    },
  );

  test.each([
    ['a site anywhere', '203.0.113.7', 443],
    ['a site of the company', '10.1.2.3', 8443],
    ['a site over IPv6', '2001:db8::7', 443],
    ['a name server on the node', '169.254.20.10', 53],
    ['the name server of Azure', '168.63.129.16', 53],
  ])('lets it reach %s', (_, address, port) => {
    expect(mayReach(address, port)).toBe(true);
  });
});

test('the image’s version label is the package’s version', () => {
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string };
  const dockerfile = readFileSync(packagePath('templates', 'image', 'Dockerfile'), 'utf8');
  expect(/image\.version="([^"]+)"/.exec(dockerfile)?.[1]).toBe(version);
});
