import type { WorkContext } from '../../../shared/context.ts';
import { noSuchClone } from '../../../shared/clone-errors.ts';
import type { Cluster } from '../api/client.ts';
import { getObject } from '../api/objects.ts';
import { findUnit } from './find.ts';
import { objectName } from './names.ts';

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
