import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import type { Cluster, ClusterCall } from '../../src/runtime/kubernetes/api/client.ts';
import { podManifest, secretManifest } from '../../src/runtime/kubernetes/provision/manifests.ts';
import { parseOptions } from '../../src/runtime/kubernetes/options.ts';
import { provisionUnit } from '../../src/runtime/kubernetes/provision/provision.ts';
import { waitUntilReady } from '../../src/runtime/kubernetes/provision/ready.ts';
import { abortable } from '../../src/shared/abortable.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import { failureOf } from '../support/work.ts';
import { saidReady } from './said-ready.ts';
import {
  ABSENT_IMAGE,
  cloneId,
  context,
  eventually,
  IMAGE,
  processesOf,
  request,
  signalContainer,
  unitPlan,
  useNamespace,
} from './support.ts';

const namespace = useNamespace('provision');

/** Ready some time after it runs, so that the moment of the kubelet's word is one of its own. */
const slowPod = (name: string): V1Pod => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: IMAGE,
        command: ['sleep', '600'],
        readinessProbe: { exec: { command: ['true'] }, initialDelaySeconds: 3, periodSeconds: 1 },
      },
    ],
  },
});

describe('an instance', () => {
  test('is ready within seconds, claimed, and says what it waited for', async () => {
    const runtime = await namespace.runtime();
    const work = context();
    const id = cloneId();
    const said = saidReady(namespace, `labelSelector=wpclone.dev%2Fclone%3D${id}`);
    const started = performance.now();
    const messages: string[] = [];
    const progress = (_counters: object, message = '') => messages.push(message);
    const lease = await runtime.provision(request({ id }), { ...work, progress });
    const { instance } = lease;
    const noticed = performance.now();
    expect(noticed - started).toBeLessThan(20_000);
    expect(instance).toMatchObject({ id, how: 'created' });
    expect(instance.url).toMatch(/^http:\/\/127\.0\.0\.1:2\d{4}$/);
    const pod = await namespace.pod(id);
    expect(pod?.metadata?.labels).toMatchObject({ 'wpclone.dev/clone': id, 'wpclone.dev/state': 'ASSIGNED' });
    expect(pod?.metadata?.annotations).toMatchObject({ 'wpclone.dev/epoch': '1' });
    // Which of these there is time for is the kubelet's affair.
    expect(messages.join('\n')).toMatch(/^(scheduling|starting|waiting for) ?/m);

    // Often it has answered by itself before the kubelet's next probe.
    expect(noticed - (await said)).toBeLessThan(1000);

    expect(await instance.operations.listMail(work.signal)).toEqual([]);
    await lease.remove(work);
    expect(await namespace.belongings()).toEqual([]);
  });

  test('has logs that are followed for as long as somebody reads them, also when it says nothing', async () => {
    const runtime = await namespace.runtime();
    const lease = await runtime.provision(request(), context());
    const { cloneId: id } = lease;
    const lines: string[] = [];
    // Longer than any other answer of an API server may be silent.
    const signal = AbortSignal.timeout(20_000);
    const follow = async () => {
      for await (const line of runtime.logs(id, { follow: true }, context({ signal }))) lines.push(line);
    };
    await expect(follow()).rejects.toThrow();
    expect(signal.aborted).toBe(true);
    expect(lines.join('\n')).toMatch(/^sidecar: .*listening/m);
    await lease.remove(context());
  });

  test('is known to be ready within a second of the kubelet’s word, also where it cannot be asked itself', async () => {
    const noticed = ['one', 'two', 'three'].map(async (name) => {
      const said = saidReady(namespace, `fieldSelector=metadata.name%3D${name}`);
      await namespace.apply('pods', slowPod(name));
      const uid = (await namespace.get(`pods/${name}`))?.metadata?.uid ?? '';
      await waitUntilReady(namespace.cluster, { name, uid }, async () => false, 120_000, context());
      const moment = performance.now();
      return moment - (await said);
    });
    for (const late of await Promise.all(noticed)) expect(late).toBeLessThan(1000);
  });

  test('owns what belongs to it, so that nothing outlives the pod', async () => {
    const runtime = await namespace.runtime({ domain: 'clones.example', ingressClass: 'nginx', tlsSecret: 'wildcard' });
    const id = cloneId();
    const { url } = (await runtime.provision(request({ id }), context())).instance;
    expect(url).toBe(`https://${id}.clones.example`);
    const { uid } = (await namespace.pod(id))?.metadata ?? {};
    const unit = await namespace.podName(id);
    const own = [`secrets/${unit}`];
    for (const kind of ['secrets', 'services', 'apis/networking.k8s.io/v1 ingresses'])
      own.push(`${kind}/wpclone-${id}`);
    for (const kind of own) {
      const object = await namespace.get(kind);
      expect([kind, object?.metadata?.ownerReferences]).toMatchObject([kind, [{ kind: 'Pod', uid }]]);
    }
    const ingress = await namespace.get<{ spec: unknown }>(`apis/networking.k8s.io/v1 ingresses/wpclone-${id}`);
    expect(ingress?.spec).toMatchObject({
      ingressClassName: 'nginx',
      tls: [{ hosts: [`${id}.clones.example`], secretName: 'wildcard' }],
      rules: [{ host: `${id}.clones.example` }],
    });
    await namespace.remove(`pods/${unit}`);
    await eventually(
      async () => ((await namespace.belongings()).length === 0 ? true : undefined),
      'the garbage collector removes what belonged to the pod',
      90_000, // It is the cluster's own, and in no hurry on a busy machine.
    );
  });

  test('runs without rights: no token, no root, no capabilities, read-only root', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    const lease = await runtime.provision(request({ id }), context());
    const pod = await namespace.pod(id);
    expect(pod?.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod?.spec?.volumes?.some((volume) => volume.name.includes('token'))).toBe(false);
    for (const container of pod?.spec?.containers ?? []) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources?.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
      expect(container.resources?.limits).toMatchObject({ memory: expect.any(String) });
      // Secrets are mounted, never in the environment, where every child process sees them.
      expect(JSON.stringify(container.env ?? [])).not.toContain('secretKeyRef');
    }
    await lease.remove(context());
  });

  test('is there for a cluster whose pods have IPv6 addresses only', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    const lease = await runtime.provision(request({ id }), context());
    const [pid] = await processesOf(namespace, await namespace.podName(id), 'sidecar');
    // The kernel's table of the pod (proc(5), /proc/net/tcp): 0A is LISTEN, of all addresses.
    const sockets = readFileSync(`/proc/${pid}/net/tcp6`, 'utf8');
    const listening = [...sockets.matchAll(/ 0{32}:([0-9A-F]{4}) \S+ 0A /g)].map(([, port = '']) => parseInt(port, 16));
    expect(listening).toEqual(expect.arrayContaining([7070, 8080]));
    await lease.remove(context());
  });

  test('goes on working when the password in its Secret is changed', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    const lease = await runtime.provision(request({ id }), context());
    await namespace.patch(`secrets/${await namespace.podName(id)}`, {
      stringData: { 'database-password': 'another-password-1' },
    });
    const said = await eventually(
      async () => {
        let text = '';
        for await (const line of runtime.logs(id, { follow: false }, context())) text += `${line}\n`;
        return text.includes('SECRET_REPAIRED') ? text : undefined;
      },
      'the sidecar repairs the password once the kubelet has mounted the new Secret',
      120_000,
    );
    expect(said).not.toContain('another-password-1');
    const pod = await namespace.pod(id);
    expect(pod?.status?.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 0, 0]);
    await lease.remove(context());
  }, 200_000);

  test('has a database that hung started again, and leaves alone one that answers, be it with a refusal', async () => {
    const plan = unitPlan(IMAGE);
    const pod = podManifest(plan, parseOptions({}));
    const shipped = pod.spec?.containers.find(({ name }) => name === 'database');
    const [shell = '', option = '', question = ''] = shipped?.livenessProbe?.exec?.command ?? [];
    // The question that is shipped, asked more often, and by somebody the server does not know.
    const exec = { command: [shell, option, `MYSQL_USER=nobody\n${question}`] };
    const often = { exec, periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 2 };
    // Only once it has answered: how long the server takes to come up is not what this is about.
    const startupProbe = { exec, periodSeconds: 1, timeoutSeconds: 3, failureThreshold: 100 };
    Object.assign(shipped ?? {}, { livenessProbe: often, startupProbe });
    await namespace.apply('secrets', secretManifest(plan));
    await namespace.apply('pods', pod);
    const { name } = plan;
    const database = async () => {
      const { status } = (await namespace.get(`pods/${name}`)) ?? {};
      return status?.containerStatuses?.find((container) => container.name === 'database');
    };
    await eventually(
      async () => ((await database())?.started === true ? true : undefined),
      'the database answers',
      100_000,
    );
    await sleep(8000);
    expect((await database())?.restartCount).toBe(0);
    await signalContainer(namespace, name, 'database', 'SIGSTOP');
    await eventually(
      async () => ((await database())?.restartCount === 1 ? true : undefined),
      'the kubelet starts it again',
      60_000,
    );
    await namespace.remove(`pods/${name}`);
    await namespace.remove(`secrets/${name}`);
  });

  test('leaves nothing behind when it is cancelled half-way', async () => {
    const runtime = await namespace.runtime({ image: ABSENT_IMAGE });
    const controller = new AbortController();
    const work = context({ signal: controller.signal });
    const provisioning = failureOf(runtime.provision(request(), work));
    await eventually(
      async () => ((await namespace.belongings()).length >= 4 ? true : undefined),
      'the objects are made',
    );
    controller.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
    expect((await provisioning).code).toBe('CANCELLED');
    expect(await namespace.belongings()).toEqual([]);
  });

  test.each(['secrets', 'pods', 'services'])(
    'leaves nothing behind when it is cancelled while the API server is making its %s',
    async (kind) => {
      const controller = new AbortController();
      const cancelled = new WpcloneError('CANCELLED', 'Cancelled.');
      const options = parseOptions({ image: ABSENT_IMAGE });
      const deps = { options, version: '0.1.0', insideCluster: false };
      let made: Promise<unknown> = Promise.resolve();
      const slow: Cluster = {
        ...namespace.cluster,
        async send<T>(call: ClusterCall): Promise<T> {
          if (call.method !== 'POST' || !call.path.endsWith(`/${kind}`)) return namespace.cluster.send<T>(call);
          controller.abort(cancelled);
          // It does what it was asked for, whether anybody still listens or not.
          const answer = sleep(300).then(() => namespace.cluster.send<T>({ ...call, signal: context().signal }));
          made = answer;
          return abortable(answer, call.signal);
        },
      };
      const work = context({ signal: controller.signal });
      const provisioning = provisionUnit({ ...deps, cluster: slow }, request(), work);
      expect(await failureOf(provisioning)).toBe(cancelled);
      await made;
      expect(await namespace.belongings()).toEqual([]);
    },
  );

  test('runs the image nearest to the source’s PHP, and says so when it is another version', async () => {
    const images = { '7.4': ABSENT_IMAGE, '8.2': IMAGE };
    const runtime = await namespace.runtime({ image: undefined, images });
    const work = context();
    const older = request({ phpVersion: Promise.resolve('5.6.40') });
    expect((await failureOf(runtime.provision(older, work))).message).toContain(ABSENT_IMAGE);
    expect(work.events).toContainEqual(expect.objectContaining({ code: 'PHP_VERSION_DIFFERS' }));

    const same = context();
    const fitting = request({ phpVersion: Promise.resolve('8.2.30') });
    const first = await runtime.provision(fitting, same);
    expect(same.events.filter(({ type }) => type === 'warning')).toEqual([]);

    // A source that takes its time to be reached does not hold up the pod.
    const late = Promise.withResolvers<string>();
    const unknown = request({ phpVersion: late.promise });
    const waiting = context();
    const second = await runtime.provision(unknown, waiting);
    late.resolve('7.4.33');
    await eventually(async () => waiting.events.find((event) => 'code' in event), 'the warning comes when it is known');
    await Promise.all([first, second].map((lease) => lease.remove(context())));
  });
});
