import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { packagePath } from '../../../shared/package-root.ts';
import type { KubernetesOptions } from '../options.ts';

/** As in the files, which a test checks against the API's schemas. */
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
  }),
});
export type Manifest = z.infer<typeof manifestSchema>;

const bindingSchema = z.looseObject({ subjects: z.array(z.looseObject({ namespace: z.string() })) });
const jobSchema = z.looseObject({
  spec: z.looseObject({
    jobTemplate: z.looseObject({
      spec: z.looseObject({
        template: z.looseObject({
          spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string(), args: z.array(z.string()) })) }),
        }),
      }),
    }),
  }),
});

/** In the order in which they can be applied. */
const FILES = ['namespace', 'service-account', 'role', 'limits', 'network-policy', 'clean-up'] as const;

export interface ManifestSettings {
  readonly namespace: string;
  /** Runs the clean-up job. */
  readonly image: string;
  /** Where clones may run, that job may. */
  readonly options: Pick<KubernetesOptions, 'imagePullPolicy' | 'imagePullSecrets' | 'nodeSelector' | 'tolerations'>;
  /** The version of the batch API that the server has for CronJobs. */
  readonly batchVersion: string;
}

/** What `cluster init` applies: the files of templates/kubernetes, made to fit. */
export async function clusterManifests(settings: ManifestSettings): Promise<readonly Manifest[]> {
  const texts = await Promise.all(
    FILES.map((name) => readFile(packagePath('templates', 'kubernetes', `${name}.yaml`), 'utf8')),
  );
  return texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => fit(manifestSchema.parse(document.toJS()), settings));
}

function fit(manifest: Manifest, settings: ManifestSettings): Manifest {
  const { namespace } = settings;
  if (manifest.kind === 'Namespace') return { ...manifest, metadata: { ...manifest.metadata, name: namespace } };
  const placed = { ...manifest, metadata: { ...manifest.metadata, namespace } };
  if (manifest.kind === 'CronJob') return cleanUpJob(placed, settings);
  if (manifest.kind !== 'RoleBinding') return placed;
  const { subjects } = bindingSchema.parse(manifest);
  return { ...placed, subjects: subjects.map((subject) => ({ ...subject, namespace })) };
}

function cleanUpJob(job: Manifest, settings: ManifestSettings): Manifest {
  const { spec } = structuredClone(jobSchema.parse(job));
  const pod = spec.jobTemplate.spec.template.spec;
  const { imagePullPolicy, imagePullSecrets, nodeSelector, tolerations } = settings.options;
  for (const container of pod.containers) {
    container.image = settings.image;
    container['imagePullPolicy'] = imagePullPolicy;
    container.args = [...container.args.slice(0, -1), settings.namespace];
  }
  if (imagePullSecrets.length > 0) pod['imagePullSecrets'] = imagePullSecrets.map((name) => ({ name }));
  if (Object.keys(nodeSelector).length > 0) pod['nodeSelector'] = nodeSelector;
  if (tolerations.length > 0) pod['tolerations'] = tolerations;
  return { ...job, spec, apiVersion: `batch/${settings.batchVersion}` };
}
