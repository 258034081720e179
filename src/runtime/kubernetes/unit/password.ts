import type { WorkContext } from '../../../shared/context.ts';
import { noSuchClone } from '../../../shared/clone-errors.ts';
import type { Cluster } from '../api/client.ts';
import { getObject } from '../api/objects.ts';
import { findUnit } from './find.ts';
import { objectName } from './names.ts';

/** In the Secret of a clone's name. */
export const PASSWORD = 'admin-password';

/** The same of the clone that is about to take the name over, and of nobody else's: with its unit. */
export const passwordKey = ({ name }: { readonly name: string }): string => `${PASSWORD}.${name}`;

/** The password of a clone's administrator. Throws NOT_FOUND. */
export async function passwordOf(cluster: Cluster, id: string, context: WorkContext): Promise<string> {
  const { data = {} } = (await getObject(cluster, 'secrets', objectName(id), context)) ?? {};
  const between = Object.keys(data).some((key) => key.startsWith(passwordKey({ name: '' })));
  const own = between ? data[passwordKey(await findUnit(cluster, id, context))] : undefined;
  const password = own ?? data[PASSWORD];
  if (password === undefined) throw noSuchClone(id);
  return Buffer.from(password, 'base64').toString('utf8');
}
