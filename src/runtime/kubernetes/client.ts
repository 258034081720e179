import { readFile } from 'node:fs/promises';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, request as undiciRequest } from 'undici';
import type { Clock } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { apiError, type ApiCall, connectionError, parseStatus } from './errors.ts';
import type { KubernetesOptions } from './options.ts';

export interface ClusterCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the API server's address, with the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For messages: `create pods`. */
  readonly what: string;
  readonly signal: AbortSignal;
}

export interface ClusterAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Dispatcher.ResponseData['body'];
}

/** One API server, one user, one namespace. */
export interface Cluster {
  readonly namespace: string;
  readonly contextName: string;
  readonly server: string;
  readonly kubeConfig: KubeConfig;
  /** One try, whatever the status of the answer; throws CLUSTER_UNREACHABLE when there is none. */
  open(call: ClusterCall): Promise<ClusterAnswer>;
  /** One try; the JSON of a 2xx answer, else the error of errors.ts. */
  send<T>(call: ClusterCall): Promise<T>;
  /** How far the API server's clock is ahead of ours, in milliseconds: all stamps on objects are in its time. */
  clockOffset(): number;
  /** Whether this cluster has answered before: an outage is waited out, a wrong address is not. */
  hasAnswered(): boolean;
  /** The connections there are may be dead: the next call makes a new one. */
  renew(): void;
  close(): Promise<void>;
}

export const DEFAULT_NAMESPACE = 'wordpress-staging';
const IN_CLUSTER_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
/** What the library makes up when it finds no configuration at all. */
const NO_KUBECONFIG = 'http://localhost:8080';
/** Milliseconds until the headers of an answer; nothing that is asked here takes an API server longer than a second or two. */
const ANSWER_LIMIT = 15_000;
/** Milliseconds after which credentials are asked for anew (exec plug-ins and tokens expire). */
const CREDENTIALS_KEPT = 60_000;
/** Milliseconds that two clocks may differ before it is corrected: the Date header only has seconds. */
const CLOCK_TOLERANCE = 3000;

/** Throws KUBECONFIG_INVALID. */
export async function connectCluster(
  options: Pick<KubernetesOptions, 'context' | 'namespace'>,
  now: Clock,
  kubeconfig?: string,
): Promise<Cluster> {
  const kubeConfig = loadKubeConfig(options.context, kubeconfig);
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const server = kubeConfig.getCurrentCluster()?.server;
  if (context === null || server === undefined) {
    throw new WpcloneError('KUBECONFIG_INVALID', 'The kubeconfig names no cluster to use.');
  }
  const address = server;
  const namespace = options.namespace ?? context.namespace ?? (await inClusterNamespace()) ?? DEFAULT_NAMESPACE;
  const credentials = createCredentials(kubeConfig, now);
  let offset = 0;
  let answered = false;

  /** Credentials that were good a while ago may have expired since: they are asked for anew, once. */
  async function open(call: ClusterCall): Promise<ClusterAnswer> {
    const answer = await tryOnce(call);
    if (answer.status !== 401 || !credentials.areOld()) return answer;
    await answer.body.dump();
    credentials.forget();
    return tryOnce(call);
  }

  async function tryOnce(call: ClusterCall): Promise<ClusterAnswer> {
    const { dispatcher, headers } = await credentials.current();
    try {
      const answer = await undiciRequest(new URL(call.path, `${server}/`), {
        method: call.method,
        headers: {
          accept: 'application/json',
          ...headers,
          ...call.headers,
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
        headersTimeout: ANSWER_LIMIT,
        bodyTimeout: 0,
        signal: call.signal,
      });
      answered = true;
      const ahead = Date.parse(String(answer.headers['date'])) - now();
      if (Number.isFinite(ahead)) offset = Math.abs(ahead) > CLOCK_TOLERANCE ? ahead : 0;
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      call.signal.throwIfAborted();
      credentials.forget();
      throw connectionError(error, described(call, namespace), address);
    }
  }

  return {
    namespace,
    contextName: context.name,
    server,
    kubeConfig,
    open,
    async send<T>(call: ClusterCall): Promise<T> {
      const answer = await open(call);
      const text = await answer.body.text().catch((error: unknown) => {
        call.signal.throwIfAborted();
        throw connectionError(error, described(call, namespace), server);
      });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API server keeps to its schema
      if (answer.status >= 200 && answer.status < 300) return JSON.parse(text) as T;
      const retryAfter = Number(answer.headers['retry-after']) || undefined;
      throw apiError(answer.status, parseStatus(text), described(call, namespace), retryAfter);
    },
    clockOffset: () => offset,
    hasAnswered: () => answered,
    renew: () => credentials.forget(),
    close: () => credentials.close(),
  };
}

const described = (call: ClusterCall, namespace: string): ApiCall => ({ what: call.what, namespace });

/**
 * From KUBECONFIG, ~/.kube/config, or the service account inside a cluster. No setting names another file: a kubeconfig may name
 * programs to run, and settings may come with somebody else's repository.
 */
function loadKubeConfig(context: string | undefined, file: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (file === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WpcloneError('KUBECONFIG_INVALID', `The kubeconfig cannot be read: ${reason}`, { cause: error });
  }
  if (file === undefined && kubeConfig.getCurrentCluster()?.server === NO_KUBECONFIG) {
    throw new WpcloneError('KUBECONFIG_INVALID', 'There is no kubeconfig, and this is not inside a cluster.');
  }
  if (context !== undefined) {
    if (kubeConfig.getContextObject(context) === null) {
      const names = kubeConfig.getContexts().map(({ name }) => name);
      const message = `The kubeconfig has no context ${context}; it has ${names.join(', ') || 'none'}.`;
      throw new WpcloneError('KUBECONFIG_INVALID', message);
    }
    kubeConfig.setCurrentContext(context);
  }
  return kubeConfig;
}

async function inClusterNamespace(): Promise<string | undefined> {
  return readFile(IN_CLUSTER_NAMESPACE, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

/**
 * The library makes a new connection pool for every request it signs (2.0.1); here one pool is kept for as long as the
 * credentials are.
 */
function createCredentials(kubeConfig: KubeConfig, now: Clock) {
  interface Credentials {
    readonly dispatcher: Dispatcher | undefined;
    readonly headers: Record<string, string>;
  }
  const pools = new Set<Dispatcher>();
  let kept: { readonly credentials: Promise<Credentials>; readonly until: number } | undefined;

  async function load(): Promise<Credentials> {
    const context = new RequestContext(kubeConfig.getCurrentCluster()?.server ?? '', HttpMethod.GET);
    try {
      await kubeConfig.applySecurityAuthentication(context);
    } catch (error) {
      kept = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      throw new WpcloneError('CLUSTER_AUTH', `The log-in of the kubeconfig failed: ${reason}`, { cause: error });
    }
    const dispatcher = context.getDispatcher();
    // Earlier pools stay for the streams that still use them; idle connections end by themselves.
    if (dispatcher !== undefined) pools.add(dispatcher);
    return { dispatcher, headers: context.getHeaders() };
  }

  return {
    current(): Promise<Credentials> {
      if (kept === undefined || kept.until < now()) kept = { credentials: load(), until: now() + CREDENTIALS_KEPT };
      return kept.credentials;
    },
    /** Whether they were not made just now. */
    areOld: () => kept !== undefined && kept.until < now() + CREDENTIALS_KEPT - 1000,
    forget: () => {
      kept = undefined;
    },
    async close() {
      await Promise.all([...pools].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}
