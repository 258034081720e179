import type {
  CoreV1Event,
  V1Ingress,
  V1Namespace,
  V1ObjectMeta,
  V1Pod,
  V1Secret,
  V1Service,
} from '@kubernetes/client-node';
import { withGrace } from '../../../shared/abortable.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from './client.ts';
import { isGone, statusOf } from './errors.ts';
import { withRetry, type Waiting } from './retry.ts';

interface Kinds {
  readonly pods: V1Pod;
  readonly secrets: V1Secret;
  readonly services: V1Service;
  readonly ingresses: V1Ingress;
  readonly events: CoreV1Event;
}
export type Kind = keyof Kinds;

const BASE: Readonly<Record<Kind, string>> = {
  pods: 'api/v1',
  secrets: 'api/v1',
  services: 'api/v1',
  events: 'api/v1',
  ingresses: 'apis/networking.k8s.io/v1',
};

export interface List<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[];
}

/** What an object's identity is in patches and deletions. */
export interface Identity {
  readonly name: string;
  readonly uid: string;
}

/** The path of an object, or of all objects of a kind when no name is given, in the cluster's namespace. */
export function pathOf(cluster: Cluster, kind: Kind, name?: string, query?: Record<string, string>): string {
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  const tail = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${BASE[kind]}/namespaces/${encodeURIComponent(cluster.namespace)}/${kind}${tail}${search}`;
}

/** Reads an object; undefined when it is not there. */
export async function getObject<K extends Kind>(
  cluster: Cluster,
  kind: K,
  name: string,
  context: Waiting,
): Promise<Kinds[K] | undefined> {
  const call = {
    method: 'GET',
    path: pathOf(cluster, kind, name),
    what: `get ${kind}`,
    signal: context.signal,
  } as const;
  return withRetry(cluster, context, () => cluster.send<Kinds[K]>(call)).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
}

/** Reads all pages. */
export async function listObjects<K extends Kind>(
  cluster: Cluster,
  kind: K,
  query: Record<string, string>,
  context: Waiting,
): Promise<List<Kinds[K]>> {
  const items: Kinds[K][] = [];
  let next: string | undefined;
  for (;;) {
    const paged = { limit: '500', ...query, ...(next === undefined ? {} : { continue: next }) };
    const path = pathOf(cluster, kind, undefined, paged);
    const call = { method: 'GET', path, what: `list ${kind}`, signal: context.signal } as const;
    const page = await withRetry(cluster, context, () => cluster.send<List<Kinds[K]>>(call));
    items.push(...page.items);
    next = page.metadata.continue;
    if (next === undefined || next === '') return { metadata: page.metadata, items };
  }
}

/** Milliseconds that a creation under way goes on after it was cancelled: nobody could tell what is to be removed otherwise. */
const CREATE_GRACE = 5000;

/**
 * Creates an object. A try whose answer was lost is told from somebody else's object by a random word in its annotations
 * (`mark`, which the caller put there). Throws CONFLICT when another object has the name.
 */
export async function createObject<K extends Kind>(
  cluster: Cluster,
  kind: K,
  body: Kinds[K] & { metadata?: V1ObjectMeta },
  mark: { readonly annotation: string; readonly value: string },
  context: Waiting,
): Promise<Kinds[K]> {
  const call = { method: 'POST', path: pathOf(cluster, kind), body, what: `create ${kind}` } as const;
  const create = (signal: AbortSignal) => cluster.send<Kinds[K]>({ ...call, signal });
  try {
    return await withRetry(cluster, context, () => withGrace(CREATE_GRACE, context, create));
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    const existing = await getObject(cluster, kind, body.metadata?.name ?? '', context);
    if (existing?.metadata?.annotations?.[mark.annotation] === mark.value) return existing;
    throw error;
  }
}

/** Deletes exactly this object (by uid when given); one that is gone already is fine. */
export async function deleteObject(
  cluster: Cluster,
  kind: Kind,
  target: { readonly name: string; readonly uid?: string },
  context: Waiting,
  graceSeconds?: number,
): Promise<void> {
  const body = {
    ...(target.uid === undefined ? {} : { preconditions: { uid: target.uid } }),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    propagationPolicy: 'Background',
  };
  const path = pathOf(cluster, kind, target.name);
  const call = { method: 'DELETE', path, body, what: `delete ${kind}`, signal: context.signal } as const;
  const remove = () =>
    cluster.send(call).catch((error: unknown) => {
      // 409: the name belongs to another object by now, so ours is gone; waiting would not change that.
      if (isGone(error) || (statusOf(error) === 409 && target.uid !== undefined)) return;
      throw error;
    });
  await withRetry(cluster, context, remove);
}

/**
 * Deletes an object exactly as it was seen: false when somebody has written to it since. One that is gone already is fine.
 */
export async function deleteExactly(
  cluster: Cluster,
  kind: Kind,
  { name, uid, resourceVersion }: Identity & { readonly resourceVersion: string },
  context: Waiting,
  graceSeconds: number,
): Promise<boolean> {
  const preconditions = { uid, resourceVersion };
  const body = { preconditions, gracePeriodSeconds: graceSeconds, propagationPolicy: 'Background' };
  const what = `delete ${kind}`;
  const call = { method: 'DELETE', path: pathOf(cluster, kind, name), body, what, signal: context.signal } as const;
  const remove = () =>
    cluster.send(call).then(
      () => true,
      (error: unknown) => {
        if (isGone(error)) return true;
        // Also when an earlier try did it and only its answer was lost: the caller looks again.
        if (statusOf(error) === 409) return false;
        throw error;
      },
    );
  return withRetry(cluster, context, remove);
}

/** A merge patch (RFC 7396), for what nobody else writes. */
export async function mergeObject<K extends Kind>(
  cluster: Cluster,
  kind: K,
  name: string,
  body: object,
  context: Waiting,
): Promise<Kinds[K]> {
  const path = pathOf(cluster, kind, name);
  const contentType = 'application/merge-patch+json';
  const call = { method: 'PATCH', path, body, contentType, what: `patch ${kind}`, signal: context.signal } as const;
  return withRetry(cluster, context, () => cluster.send<Kinds[K]>(call));
}

/** A list in a namespace that does not exist is empty; this tells the two apart. Throws NAMESPACE_MISSING. */
export async function requireNamespace(cluster: Cluster, context: Waiting): Promise<void> {
  const path = `api/v1/namespaces/${encodeURIComponent(cluster.namespace)}`;
  const call = { method: 'GET', path, what: 'get namespaces', signal: context.signal } as const;
  await withRetry(cluster, context, () => cluster.send<V1Namespace>(call)).catch((error: unknown) => {
    if (isGone(error)) {
      throw new WpcloneError('NAMESPACE_MISSING', `The namespace ${cluster.namespace} does not exist.`);
    }
    // Whoever may only work inside the namespace may not be allowed to look at it.
    if (statusOf(error) !== 403) throw error;
  });
}
