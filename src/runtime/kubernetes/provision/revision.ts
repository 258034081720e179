import { createHash } from 'node:crypto';
import { INSTANCE_PROTOCOL } from '../../../instance/declared.ts';
import type { KubernetesOptions } from '../options.ts';
import { podManifest } from './manifests.ts';

/**
 * A word for what units are made from: images, settings, the manifest itself, and what is spoken with them. Whoever would make
 * another kind of pod does not take these.
 */
export function revisionOf(options: KubernetesOptions, version: string): string {
  const { spec } = podManifest(
    {
      name: '',
      jobId: '',
      mark: '',
      deadline: '',
      image: '',
      revision: '',
      secrets: { token: '', databasePassword: '', rootPassword: '' },
    },
    options,
  );
  const { image, images, defaultPhp } = options;
  const parts = [version, INSTANCE_PROTOCOL, image, images, defaultPhp, spec];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
