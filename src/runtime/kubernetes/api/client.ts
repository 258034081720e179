import { readFile } from 'node:fs/promises';
import { type Dispatcher, request as undiciRequest } from 'undici';
import { abortable } from '../../../shared/abortable.ts';
import type { Clock } from '../../../shared/context.ts';
import { parseJson } from '../../../shared/json.ts';
import { apiError, type ApiCall, connectionError, notAnApiServer, parseStatus } from './errors.ts';
import type { Credentials, Login } from '../login/types.ts';
import type { KubernetesOptions } from '../options.ts';
import { plainLogin } from '../login/plain.ts';

export interface ClusterCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the API server's address, with the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For messages: `create pods`. */
  readonly what: string;
  /** The body may be silent for as long as it likes, and the caller watches over it; any other is given up after a while. */
  readonly endless?: boolean;
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
  readonly kubeConfig: Login['kubeConfig'];
  /** One try, whatever the status of the answer; throws CLUSTER_UNREACHABLE when there is none. */
  open(call: ClusterCall): Promise<ClusterAnswer>;
  /** The whole body of an answer; throws CLUSTER_UNREACHABLE when the connection dies in the middle of it. */
  read(answer: ClusterAnswer, call: Pick<ClusterCall, 'what' | 'signal'>): Promise<string>;
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

const DEFAULT_NAMESPACE = 'wordpress-staging';
const IN_CLUSTER_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
/** Milliseconds until the headers of an answer, and between two parts of its body; nothing that is asked here takes an API server longer than a second or two. */
const ANSWER_LIMIT = 15_000;
/** Milliseconds after which credentials are asked for anew (exec plug-ins and tokens expire). */
const CREDENTIALS_KEPT = 60_000;
/** Milliseconds that two clocks may differ before it is corrected: the Date header only has seconds. */
const CLOCK_TOLERANCE = 3000;
/** Not HTTP/2: the end of a session that nobody uses was seen to be an error that nobody hears, and that ended the process (undici 8.12). */
const OVER_HTTP_1 = { allowH2: false };

/** Throws KUBECONFIG_INVALID. */
export async function connectCluster(
  options: Pick<KubernetesOptions, 'context' | 'namespace'>,
  now: Clock,
  kubeconfig?: string,
): Promise<Cluster> {
  const login = (await plainLogin(options.context, kubeconfig)) ?? (await fullLogin(options.context, kubeconfig));
  const { server } = login;
  const namespace = options.namespace ?? login.namespace ?? (await inClusterNamespace()) ?? DEFAULT_NAMESPACE;
  const credentials = createCredentials(login, now);
  let offset = 0;
  let answered = false;

  /**
   * Credentials that were good a while ago may have expired since: they are asked for anew, once. A program that gives them may
   * wait for a person as long as it likes, but not keep one from leaving.
   */
  async function open(call: ClusterCall): Promise<ClusterAnswer> {
    const used = await abortable(credentials.current(), call.signal);
    const answer = await tryOnce(call, used);
    if (answer.status !== 401) return answer;
    await answer.body.dump();
    return tryOnce(call, await abortable(credentials.insteadOf(used), call.signal));
  }

  async function tryOnce(call: ClusterCall, { dispatcher, headers }: Credentials): Promise<ClusterAnswer> {
    try {
      const asked = undiciRequest(new URL(call.path, `${server}/`), {
        method: call.method,
        headers: {
          accept: 'application/json',
          ...headers,
          ...call.headers,
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
        ...OVER_HTTP_1,
        headersTimeout: ANSWER_LIMIT,
        // A connection can die between the headers and the body: without a limit that is waited for without end.
        bodyTimeout: call.endless === true ? 0 : ANSWER_LIMIT,
        signal: call.signal,
      });
      // While it is still being connected, undici does not hear the signal.
      const answer = await abortable(asked, call.signal);
      answered = true;
      // Whoever reads it hears of it; where nobody does any more, a connection that is closed must not end the process.
      answer.body.on('error', () => undefined);
      const ahead = Date.parse(String(answer.headers['date'])) - now();
      if (Number.isFinite(ahead)) offset = Math.abs(ahead) > CLOCK_TOLERANCE ? ahead : 0;
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      call.signal.throwIfAborted();
      credentials.forget();
      throw connectionError(error, described(call, namespace), server);
    }
  }

  async function read({ body }: ClusterAnswer, call: Pick<ClusterCall, 'what' | 'signal'>): Promise<string> {
    return body.text().catch((error: unknown) => {
      call.signal.throwIfAborted();
      credentials.forget();
      throw connectionError(error, described(call, namespace), server);
    });
  }

  return {
    namespace,
    contextName: login.contextName,
    server,
    kubeConfig: async () => login.kubeConfig(),
    open,
    read,
    async send<T>(call: ClusterCall): Promise<T> {
      const answer = await open(call);
      const text = await read(answer, call);
      if (answer.status < 200 || answer.status >= 300) {
        const retryAfter = Number(answer.headers['retry-after']) || undefined;
        throw apiError(answer.status, parseStatus(text), described(call, namespace), retryAfter);
      }
      const value = parseJson(text);
      if (value === undefined) throw notAnApiServer(answer.status, server);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API server keeps to its schema
      return value as T;
    },
    clockOffset: () => offset,
    hasAnswered: () => answered,
    renew: () => credentials.forget(),
    close: () => credentials.close(),
  };
}

const described = (call: Pick<ClusterCall, 'what'>, namespace: string): ApiCall => ({ what: call.what, namespace });

async function inClusterNamespace(): Promise<string | undefined> {
  return readFile(IN_CLUSTER_NAMESPACE, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** The client library is a third of a second of loading, which most kubeconfigs can do without. */
async function fullLogin(context: string | undefined, file: string | undefined): Promise<Login> {
  const { libraryLogin } = await import('../login/library.ts');
  return libraryLogin(context, file);
}

/**
 * The library makes a new connection pool for every request it signs (2.0.1); here one pool is kept for as long as the
 * credentials are.
 */
function createCredentials(login: Login, now: Clock) {
  const pools = new Set<Dispatcher>();
  let kept: { readonly credentials: Promise<Credentials>; readonly until: number } | undefined;

  async function load(refused: boolean): Promise<Credentials> {
    const credentials = await login.credentials(refused).catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
    // Earlier pools stay for the streams that still use them; idle connections end by themselves.
    if (credentials.dispatcher !== undefined) pools.add(credentials.dispatcher);
    return credentials;
  }

  function renewed(refused: boolean): Promise<Credentials> {
    kept = { credentials: load(refused), until: now() + CREDENTIALS_KEPT };
    return kept.credentials;
  }

  return {
    current: (): Promise<Credentials> => (kept === undefined || kept.until < now() ? renewed(false) : kept.credentials),
    /** For a call that was refused; of many at once, the first asks for all. */
    async insteadOf(refused: Credentials): Promise<Credentials> {
      const present = await kept?.credentials;
      return present === undefined || present === refused ? renewed(true) : present;
    },
    forget: () => {
      kept = undefined;
    },
    async close() {
      await Promise.all([...pools].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}
