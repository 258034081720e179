import type { V1Secret } from '@kubernetes/client-node';
import type { WorkContext } from '../../shared/context.ts';
import type { Documents } from '../documents.ts';
import type { Cluster } from './api/client.ts';
import { statusOf } from './api/errors.ts';
import { createObject, getObject, pathOf } from './api/objects.ts';
import { withRetry } from './api/retry.ts';
import { managedLabels, TRANSITION } from './unit/names.ts';

const KEY = 'document';

/** No clone's own Secret can have such a name: theirs have no dot. */
const secretName = (name: string): string => `wpclone.${name}`;

/** In Secrets, although they hold none: for those everybody who makes clones has all the rights that this takes. */
export function createDocuments(cluster: Cluster): Documents {
  const find = (name: string, context: WorkContext) => getObject(cluster, 'secrets', secretName(name), context);
  return {
    read: async (name, context) => contentOf(await find(name, context)),
    async change(name, next, context) {
      for (;;) {
        const seen = await find(name, context);
        const content = next(contentOf(seen));
        if (await write(cluster, secretName(name), seen?.metadata?.resourceVersion, content, context)) return content;
        context.signal.throwIfAborted();
      }
    },
  };
}

/** False when somebody else wrote it first, also where an own answer was lost, or removed it. */
async function write(
  cluster: Cluster,
  name: string,
  resourceVersion: string | undefined,
  content: string,
  context: WorkContext,
): Promise<boolean> {
  const outcome = (promise: Promise<unknown>, ...others: readonly number[]): Promise<boolean> =>
    promise.then(
      () => true,
      (error: unknown) => {
        if (others.includes(statusOf(error) ?? 0)) return false;
        throw error;
      },
    );
  if (resourceVersion === undefined) {
    const mark = { annotation: TRANSITION, value: context.randomBytes(9).toString('base64url') };
    return outcome(createObject(cluster, 'secrets', secretOf(name, content, mark), mark, context), 409);
  }
  const call = {
    method: 'PATCH',
    path: pathOf(cluster, 'secrets', name),
    body: { metadata: { resourceVersion }, stringData: { [KEY]: content } },
    contentType: 'application/merge-patch+json',
    what: 'patch secrets',
    signal: context.signal,
  } as const;
  return withRetry(cluster, context, () => outcome(cluster.send(call), 409, 404));
}

const secretOf = (name: string, content: string, mark: { readonly annotation: string; readonly value: string }) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, labels: managedLabels('document'), annotations: { [mark.annotation]: mark.value } },
  type: 'Opaque',
  stringData: { [KEY]: content },
});

function contentOf(secret: V1Secret | undefined): string | undefined {
  const encoded = secret?.data?.[KEY];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}
