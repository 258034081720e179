import type { WorkContext } from '../../../shared/context.ts';
import { noSuchClone } from '../../../shared/clone-errors.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from '../api/client.ts';
import { getObject, pathOf } from '../api/objects.ts';
import { withRetry } from '../api/retry.ts';
import { findUnit } from './find.ts';
import { objectName } from './names.ts';
import { readUnit } from './remove.ts';
import type { Unit } from './unit.ts';

type Passwords = Readonly<Record<string, string>>;

/** In the Secret of a clone's name. */
export const PASSWORD = 'admin-password';

/** The same of a clone that takes the name over, or has, and of nobody else's: with its unit. */
export const passwordKey = ({ name }: { readonly name: string }): string => `${PASSWORD}.${name}`;

/** The password of a clone's administrator. Throws NOT_FOUND. */
export async function passwordOf(cluster: Cluster, id: string, context: WorkContext): Promise<string> {
  const read = async () => (await getObject(cluster, 'secrets', objectName(id), context))?.data ?? {};
  const data = await read();
  const password = (await ofUnit(cluster, id, data, read, context)) ?? data[PASSWORD];
  if (password === undefined) throw noSuchClone(id);
  return Buffer.from(password, 'base64').toString('utf8');
}

/**
 * Writes the password of the clone that is made in `unit` into the Secret of `cloneId`, under `key`, as long as nobody else has taken the unit. The Secret is
 * looked at before the unit: whoever takes that later also writes later, and then this write is refused and the unit looked at again. Throws
 * CLUSTER_CONFLICT, INSTANCE_LOST.
 */
export async function writePassword(
  cluster: Cluster,
  { unit, cloneId, key }: { readonly unit: Unit; readonly cloneId: string; readonly key: string },
  password: string,
  context: WorkContext,
): Promise<void> {
  const path = pathOf(cluster, 'secrets', objectName(cloneId));
  const contentType = 'application/merge-patch+json';
  await withRetry(cluster, context, async () => {
    const secret = await getObject(cluster, 'secrets', objectName(cloneId), context);
    const now = await readUnit(cluster, unit.name, context);
    // The Secret goes with the pod.
    if (secret?.metadata === undefined || now?.uid !== unit.uid || now.deleting)
      throw new WpcloneError('INSTANCE_LOST', `The pod ${unit.name} is gone.`);
    if (now.epoch !== unit.epoch) {
      const message = `${unit.name} is no longer at epoch ${unit.epoch} but at ${now.epoch}.`;
      throw new WpcloneError('CLUSTER_CONFLICT', message);
    }
    const { resourceVersion } = secret.metadata;
    const body = { metadata: { resourceVersion }, stringData: { [key]: password } };
    await cluster.send({ method: 'PATCH', path, body, contentType, what: 'patch secrets', signal: context.signal });
  });
}

async function ofUnit(
  cluster: Cluster,
  id: string,
  data: Passwords,
  read: () => Promise<Passwords>,
  context: WorkContext,
): Promise<string | undefined> {
  if (!Object.keys(data).some((key) => key.startsWith(passwordKey({ name: '' })))) return undefined;
  const key = passwordKey(await findUnit(cluster, id, context));
  // Another may have taken the name over since that was read.
  return data[key] ?? (await read())[key];
}
