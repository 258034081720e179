import { startSource, type Source } from '../../test/support/source/index.ts';
import { createHome, type Cloned, type Home } from '../home.ts';
import { startLargeSource } from '../large/site.ts';
import { median } from '../measure.ts';
import { HOST, withNamespace } from '../namespace.ts';
import type { Row } from '../table.ts';

const RUNS = 5;

/** On the cluster that KUBECONFIG names, in a namespace of its own; the image is on the node. */
export async function kubernetesRows(): Promise<Row[]> {
  return withNamespace(async ({ home: onCluster }) => [...(await fresh(onCluster)), ...(await large(onCluster))]);
}

async function fresh(home: Home): Promise<Row[]> {
  const source = await startSource({ host: HOST });
  try {
    const clones: Cloned[] = [];
    for (let run = 0; run < RUNS; run++) {
      clones.push(await home.clone(source));
      await home.deleteAll();
    }
    const row = (what: string, values: readonly number[]): Row => ({
      what,
      ours: `${median(values).toFixed(2)} s`,
      beside: '',
      ratio: '',
    });
    return [
      row(
        'Kubernetes: fresh site, command to ready',
        clones.map(({ seconds }) => seconds),
      ),
      row(
        'Kubernetes: of that, provisioning (pod made, scheduled, started, claimed)',
        clones.map(({ timings }) => timings['provision'] ?? 0),
      ),
    ];
  } finally {
    await source.stop();
  }
}

/** Each large clone on the cluster beside one on this machine, turn by turn; both copy everything. */
async function large(onCluster: Home): Promise<Row[]> {
  const source = await startLargeSource({ host: HOST });
  try {
    const rounds: { local: Cloned; cluster: Cloned }[] = [];
    for (let run = 0; run < RUNS; run++)
      rounds.push({ local: await locally(source), cluster: await once(onCluster, source) });
    const transfer = ({ timings }: Cloned) => Math.max(timings['database'] ?? 0, timings['files'] ?? 0);
    const time = (each: (clone: Cloned) => number, where: 'local' | 'cluster') =>
      median(rounds.map((round) => each(round[where])));
    const row = (what: string, each: (clone: Cloned) => number): Row => ({
      what,
      ours: `${time(each, 'cluster').toFixed(2)} s`,
      beside: `${time(each, 'local').toFixed(2)} s, the same clone on this machine`,
      ratio: `${median(rounds.map(({ local, cluster }) => each(cluster) / each(local))).toFixed(2)} ×`,
    });
    return [
      row('Kubernetes: large site, command to ready', ({ seconds }) => seconds),
      row('Kubernetes: large site, the transfer alone', transfer),
    ];
  } finally {
    await source.stop();
  }
}

async function once(home: Home, source: Source): Promise<Cloned> {
  const clone = await home.clone(source);
  await home.deleteAll();
  return clone;
}

/** In a home whose database server runs already, as a pod's does when the transfer starts. */
async function locally(source: Source): Promise<Cloned> {
  const home = createHome();
  const small = await startSource();
  try {
    await home.clone(small);
    return await home.clone(source);
  } finally {
    await small.stop();
    await home.remove();
  }
}
