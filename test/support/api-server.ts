import { apiError } from '../../src/runtime/kubernetes/api/errors.ts';
import type { Cluster, ClusterCall } from '../../src/runtime/kubernetes/api/client.ts';

interface Metadata {
  name: string;
  uid?: string;
  resourceVersion?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
interface Stored {
  metadata: Metadata;
  stringData?: Record<string, string>;
  data?: Record<string, string | null>;
}
interface JsonPatch {
  readonly op: 'test' | 'add';
  readonly path: string;
  readonly value: string;
}

/**
 * A stand-in for an API server, for what must happen in one certain moment: it keeps objects, and knows patches and preconditions. It
 * collects no garbage and starts no pod; real ones are in test/cluster. `after` is awaited between a write and its answer.
 */
export function apiServer(after: (call: ClusterCall) => unknown = () => undefined) {
  const objects = new Map<string, Stored>();
  let versions = 0;
  const call = (what: string) => ({ what, namespace: 'clones' });
  const put = (path: string, object: Stored): Stored => {
    const { stringData = {}, ...rest } = object;
    const data = { ...rest.data };
    for (const [key, text] of Object.entries(stringData)) data[key] = Buffer.from(text).toString('base64');
    for (const [key, value] of Object.entries(data)) if (value === null) delete data[key];
    versions += 1;
    const metadata = { uid: `uid-${versions}`, ...rest.metadata, resourceVersion: String(versions) };
    objects.set(path, { ...rest, metadata, data });
    return structuredClone({ ...rest, metadata, data });
  };
  const answer = ({ method, path: asked, body, contentType, what }: ClusterCall): unknown => {
    const { pathname, searchParams } = new URL(asked, 'http://api');
    const path = pathname.slice(1);
    const object = objects.get(path);
    if (method === 'POST') {
      const made = body as Stored;
      const own = `${path}/${made.metadata.name}`;
      if (objects.has(own)) throw apiError(409, { reason: 'AlreadyExists' }, call(what));
      return put(own, made);
    }
    if (method === 'GET' && /\/(pods|secrets|services|ingresses)$/.test(path)) {
      const wanted = (searchParams.get('labelSelector') ?? '').split(',').map((each) => each.split('='));
      const isWanted = ({ metadata: { labels = {} } }: Stored) =>
        wanted.every(([key = '', value]) => labels[key] === value);
      const items = [...objects].filter(([key, each]) => key.startsWith(`${path}/`) && isWanted(each));
      return { metadata: {}, items: items.map(([, each]) => structuredClone(each)) };
    }
    if (path === 'api/v1/namespaces/clones') return {};
    if (object === undefined) throw apiError(404, {}, call(what));
    if (method === 'GET') return structuredClone(object);
    if (method === 'DELETE') {
      const { preconditions = {} } = body as { preconditions?: Partial<Metadata> };
      for (const key of ['uid', 'resourceVersion'] as const)
        if (preconditions[key] !== undefined && preconditions[key] !== object.metadata[key])
          throw apiError(409, {}, call(what));
      return objects.delete(path);
    }
    if (contentType === 'application/merge-patch+json') {
      const { metadata } = body as { metadata?: Partial<Metadata> };
      const seen = metadata?.resourceVersion ?? object.metadata.resourceVersion;
      if (seen !== object.metadata.resourceVersion) throw apiError(409, { reason: 'Conflict' }, call(what));
      return put(path, merged(object, body));
    }
    return put(
      path,
      patched(object, body as readonly JsonPatch[], () => apiError(422, {}, call(what))),
    );
  };
  const cluster = {
    namespace: 'clones',
    clockOffset: () => 0,
    hasAnswered: () => true,
    send: async (one: ClusterCall) => {
      one.signal.throwIfAborted();
      const result = answer(one);
      await after(one);
      return result;
    },
  } as unknown as Cluster;
  return { cluster, names: () => [...objects.keys()].map((path) => path.replace(/.*\/clones\//, '')).toSorted() };
}

function merged<T>(object: T, patch: unknown): T {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch as T;
  const fields = new Map<string, unknown>(Object.entries(object ?? {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) fields.delete(key);
    else fields.set(key, merged(fields.get(key), value));
  }
  return Object.fromEntries(fields) as T;
}

function patched(object: Stored, patch: readonly JsonPatch[], refused: () => Error): Stored {
  const result = structuredClone(object);
  for (const { op, path, value } of patch) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let at = result as unknown as Record<string, unknown>;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    if (op === 'test' && at[last] !== value) throw refused();
    at[last] = value;
  }
  return result;
}
