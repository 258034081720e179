import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Credentials, Login } from './types.ts';

/**
 * A kubeconfig that says all there is to say: one server, and one certificate or token, each in the file itself. Whatever
 * else may be in one (programs to run, providers, proxies, other files) is not known here, on purpose.
 */
const named = <T extends z.ZodRawShape>(shape: T) => z.array(z.looseObject({ name: z.string(), ...shape }));
const kubeconfigSchema = z.looseObject({
  'current-context': z.string().optional(),
  contexts: named({
    context: z.looseObject({ cluster: z.string(), user: z.string(), namespace: z.string().optional() }),
  }),
  clusters: named({ cluster: z.unknown() }),
  users: named({ user: z.unknown() }),
});
const clusterSchema = z.strictObject({
  server: z.url({ protocol: /^https$/ }),
  'certificate-authority-data': z.base64(),
});
const userSchema = z.union([
  z.strictObject({ 'client-certificate-data': z.base64(), 'client-key-data': z.base64() }),
  z.strictObject({ token: z.string().min(1) }),
]);

/** Milliseconds, before the minute after which load balancers drop a connection that says nothing. */
const KEEP_ALIVE_DELAY = 30_000;
/**
 * Milliseconds for which an unused connection is kept: whoever waits for a pod need not greet the server anew after each pause. An API server
 * ends one after 90 s.
 */
const UNUSED_LIMIT = 60_000;

/**
 * Logs in without the client library, for kubeconfigs that need nothing of it: kind, k3d, kubeadm, service accounts.
 * Undefined when this one may need it, or is wrong in any way, which the library explains.
 */
export async function plainLogin(wanted: string | undefined, file: string | undefined): Promise<Login | undefined> {
  const path = file ?? process.env['KUBECONFIG'] ?? join(homedir(), '.kube', 'config');
  const found = select(await readYaml(path), wanted);
  if (found === undefined) return undefined;
  const { name, namespace, cluster } = found;
  return {
    contextName: name,
    namespace,
    server: cluster.server.replace(/\/$/, ''),
    // Somebody may have logged in again, which writes the file anew.
    credentials: async (refused) =>
      credentialsOf((refused ? select(await readYaml(path), wanted) : undefined) ?? found),
    kubeConfig: async () => {
      const { libraryLogin } = await import('./library.ts');
      return libraryLogin(wanted, file).kubeConfig();
    },
  };
}

type Selected = NonNullable<ReturnType<typeof select>>;

function credentialsOf({ cluster, user }: Selected): Credentials {
  const decoded = (data: string) => Buffer.from(data, 'base64');
  const ca = decoded(cluster['certificate-authority-data']);
  const own =
    'token' in user
      ? undefined
      : { cert: decoded(user['client-certificate-data']), key: decoded(user['client-key-data']) };
  return {
    dispatcher: new Agent({
      keepAliveTimeout: UNUSED_LIMIT,
      connect: { ca, ...own, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY },
    }),
    headers: 'token' in user ? { authorization: `Bearer ${user.token}` } : {},
  };
}

function select(content: unknown, wanted: string | undefined) {
  const config = kubeconfigSchema.safeParse(content).data;
  const name = wanted ?? config?.['current-context'];
  const context = config?.contexts.find((each) => each.name === name)?.context;
  const cluster = clusterSchema.safeParse(config?.clusters.find((each) => each.name === context?.cluster)?.cluster);
  const user = userSchema.safeParse(config?.users.find((each) => each.name === context?.user)?.user);
  if (name === undefined || !cluster.success || !user.success) return undefined;
  return { name, namespace: context?.namespace, cluster: cluster.data, user: user.data };
}

async function readYaml(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
