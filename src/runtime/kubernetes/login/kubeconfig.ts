import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';

/** `file`, else those that KUBECONFIG lists, else ~/.kube/config; none inside a cluster. */
function kubeconfigFiles(file: string | undefined): readonly string[] {
  if (file !== undefined) return [file];
  const listed = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  // One that was named must be there; of several, as with kubectl, those that are.
  if (listed.length > 0) return listed.length === 1 ? listed : listed.filter((path) => existsSync(path));
  return [join(homedir(), '.kube', 'config')].filter((path) => existsSync(path));
}

/**
 * All files as one, as kubectl puts them together: the first that has a name, or a current context, wins (Kubernetes
 * documentation, "Organizing Cluster Access Using kubeconfig Files"). The library lets the last context win and refuses a
 * name that comes twice (2.0.1).
 */
export function loadKubeConfig(file: string | undefined): KubeConfig {
  const whole = new KubeConfig();
  const files = kubeconfigFiles(file);
  // Inside a cluster, or nothing at all, which the caller sees by the server.
  if (files.length === 0) whole.loadFromDefault();
  const parts = files.map((path) => {
    const part = new KubeConfig();
    part.loadFromFile(path);
    return part;
  });
  const first = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
    all.filter(({ name }, index) => all.findIndex((each) => each.name === name) === index);
  if (parts.length === 0) return whole;
  whole.clusters = first(parts.flatMap((part) => part.clusters));
  whole.users = first(parts.flatMap((part) => part.users));
  whole.contexts = first(parts.flatMap((part) => part.contexts));
  whole.setCurrentContext(parts.map((part) => part.currentContext).find((name) => name) ?? '');
  return whole;
}

const usersSchema = z.looseObject({
  users: z
    .array(z.looseObject({ name: z.string(), user: z.looseObject({ tokenFile: z.string().optional() }).nullish() }))
    .nullish(),
});

/**
 * The file with the present user's token, which whoever put it there renews; the library does not read this key (2.0.1).
 * It wins over a token in the kubeconfig itself.
 */
async function tokenFileOf(user: string | undefined, file: string | undefined): Promise<string | undefined> {
  for (const path of kubeconfigFiles(file)) {
    const content = usersSchema.safeParse(parse(await readFile(path, 'utf8'))).data;
    const found = content?.users?.find(({ name }) => name === user);
    if (found !== undefined) return found.user?.tokenFile && resolve(dirname(path), found.user.tokenFile);
  }
  return undefined;
}

/** Gives the present user the token that is in the token file now. */
export async function readTokenFile(kubeConfig: KubeConfig, file: string | undefined): Promise<void> {
  const present = kubeConfig.getCurrentUser();
  const path = await tokenFileOf(present?.name, file);
  if (path === undefined) return;
  const token = (await readFile(path, 'utf8')).trim();
  kubeConfig.users = kubeConfig.users.map((user) => (user.name === present?.name ? { ...user, token } : user));
}
