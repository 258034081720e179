import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { packagePath } from '../../../shared/package-root.ts';
import { type KubernetesOptions, parseOptions } from '../options.ts';

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

const bindingSchema = z.looseObject({
  roleRef: z.looseObject({ name: z.string() }),
  subjects: z.array(z.looseObject({ namespace: z.string() })),
});

/** Which Role a RoleBinding gives; undefined for anything else. */
export const roleOf = (manifest: Manifest): string | undefined =>
  manifest.kind === 'RoleBinding' ? bindingSchema.parse(manifest).roleRef.name : undefined;

const podSchema = z.looseObject({
  spec: z.looseObject({
    containers: z.array(
      z.looseObject({
        image: z.string(),
        args: z.array(z.string()),
        env: z.array(z.looseObject({ name: z.string(), value: z.string() })).default([]),
      }),
    ),
  }),
});
const jobSchema = z.looseObject({
  spec: z.looseObject({ jobTemplate: z.looseObject({ spec: z.looseObject({ template: podSchema }) }) }),
});
const deploymentSchema = z.looseObject({ spec: z.looseObject({ template: podSchema }) });

/** In the order in which they can be applied. */
const FILES = ['namespace', 'service-account', 'role', 'lease', 'limits', 'network-policy', 'clean-up'] as const;
/** The namespace's name in the files. */
const EXAMPLE = 'wordpress-staging';

export interface ManifestSettings {
  readonly namespace: string;
  /** An agent is to run in it. */
  readonly withAgent: boolean;
  /** Runs the clean-up job, and the agent. */
  readonly image: string;
  /** Where clones may run, those may; the agent makes clones by them. */
  readonly options: KubernetesOptions;
  /** The version of the batch API that the server has for CronJobs. */
  readonly batchVersion: string;
}

/** What `cluster init` applies: the files of templates/kubernetes, made to fit. */
export async function clusterManifests(settings: ManifestSettings): Promise<readonly Manifest[]> {
  const texts = await Promise.all(
    [...FILES, ...(settings.withAgent ? ['agent'] : [])].map((name) =>
      readFile(packagePath('templates', 'kubernetes', `${name}.yaml`), 'utf8'),
    ),
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
  if (manifest.kind === 'Deployment') return agentDeployment(placed, settings);
  if (manifest.kind !== 'RoleBinding') return placed;
  const { subjects } = bindingSchema.parse(manifest);
  return { ...placed, subjects: subjects.map((subject) => ({ ...subject, namespace })) };
}

function cleanUpJob(job: Manifest, settings: ManifestSettings): Manifest {
  const { spec } = structuredClone(jobSchema.parse(job));
  placePod(spec.jobTemplate.spec.template, settings);
  return { ...job, spec, apiVersion: `batch/${settings.batchVersion}` };
}

function agentDeployment(deployment: Manifest, settings: ManifestSettings): Manifest {
  const { spec } = structuredClone(deploymentSchema.parse(deployment));
  placePod(spec.template, settings);
  for (const container of spec.template.spec.containers) container.env.push(...settingsOf(settings.options));
  return { ...deployment, spec };
}

function placePod({ spec: pod }: z.infer<typeof podSchema>, { image, namespace, options }: ManifestSettings): void {
  const { imagePullPolicy, imagePullSecrets, nodeSelector, tolerations } = options;
  for (const container of pod.containers) {
    container.image = image;
    container['imagePullPolicy'] = imagePullPolicy;
    container.args = container.args.map((argument) => argument.replaceAll(EXAMPLE, namespace));
  }
  if (imagePullSecrets.length > 0) pod['imagePullSecrets'] = imagePullSecrets.map((name) => ({ name }));
  if (Object.keys(nodeSelector).length > 0) pod['nodeSelector'] = nodeSelector;
  if (tolerations.length > 0) pod['tolerations'] = tolerations;
}

/** The settings of clones that are not the defaults, as environment variables (docs/CONFIGURATION.md). */
function settingsOf({ context: _here, namespace: _flag, ...options }: KubernetesOptions) {
  const defaults = new Map<string, unknown>(Object.entries(parseOptions({})));
  return Object.entries(options)
    .filter(([key, value]) => value !== undefined && !isDeepStrictEqual(value, defaults.get(key)))
    .map(([key, value]) => ({
      name: `WPCLONE_KUBERNETES_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      value: typeof value === 'object' ? JSON.stringify(value) : String(value),
    }));
}
