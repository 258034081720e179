import { request as undiciRequest } from 'undici';
import { errorFromWire } from '../../../shared/wire-error.ts';
import { parseJson } from '../../../shared/json.ts';
import type { WpcloneError } from '../../../shared/errors.ts';
import { INSTANCE_PROTOCOL } from '../../../instance/declared.ts';
import {
  EPOCH_HEADER,
  PROTOCOL_HEADER,
  protocolMismatch,
  protocolOf,
  refusalSchema,
  SIDECAR_PORT,
  TOKEN_HEADER,
} from '../../../sidecar/protocol.ts';
import { pathOf } from '../api/objects.ts';
import type { Cluster, ClusterAnswer } from '../api/client.ts';
import { apiError, connectionError, parseStatus } from '../api/errors.ts';

/** Where a sidecar is and what it wants to see. Holds a secret. */
export interface SidecarAddress {
  readonly pod: string;
  readonly uid: string;
  /** Used inside the cluster; from outside the API server passes requests on. */
  readonly podIp: string | undefined;
  readonly token: string;
  readonly epoch: number;
}

export interface SidecarCall {
  readonly method: 'GET' | 'POST';
  /** `/v1/…` */
  readonly path: string;
  readonly body?: unknown;
  /** The version of the protocol that the sidecar must know for this. */
  readonly since?: number;
  /** As in a call to the cluster. */
  readonly endless?: boolean;
  readonly signal: AbortSignal;
}

const ANSWER_LIMIT = 60_000;

/**
 * One request to a sidecar; resolves with a 2xx answer whose body may still be coming. Throws the sidecar's own error,
 * CLUSTER_UNREACHABLE when the API server is away, CLUSTER_FAILED (retryable) when the sidecar does not answer it.
 */
export async function callSidecar(
  cluster: Cluster,
  address: SidecarAddress,
  direct: boolean,
  call: SidecarCall,
): Promise<ClusterAnswer> {
  const headers = {
    [TOKEN_HEADER]: address.token,
    [EPOCH_HEADER]: String(address.epoch),
    [PROTOCOL_HEADER]: String(INSTANCE_PROTOCOL),
  };
  const what = 'reach the pod through create pods/proxy';
  const answer =
    direct && address.podIp !== undefined
      ? await openDirect(`http://${hostOf(address.podIp)}:${SIDECAR_PORT}${call.path}`, headers, call)
      : await cluster.open({
          ...call,
          path: `${pathOf(cluster, 'pods', `${address.pod}:${SIDECAR_PORT}`)}/proxy${call.path}`,
          headers,
          what,
        });
  const theirs = protocolOf(answer.headers);
  const tooOld = theirs < (call.since ?? 1);
  if (answer.status >= 200 && answer.status < 300) {
    if (!tooOld) return answer;
    answer.body.destroy();
    throw protocolMismatch(INSTANCE_PROTOCOL, theirs);
  }
  const said = await answer.body.text().catch(() => '');
  const own = ownRefusal(said);
  // It does not know what it was asked for, or could not even read it.
  if (tooOld && (own?.code === 'BAD_INPUT' || isUnknownRoute(said))) throw protocolMismatch(INSTANCE_PROTOCOL, theirs);
  throw own ?? apiError(answer.status, parseStatus(said), { what, namespace: cluster.namespace });
}

/** As a URL has it. */
const hostOf = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip);

async function openDirect(url: string, headers: Record<string, string>, call: SidecarCall): Promise<ClusterAnswer> {
  try {
    const answer = await undiciRequest(url, {
      method: call.method,
      headers: { ...headers, ...(call.body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      headersTimeout: ANSWER_LIMIT,
      bodyTimeout: call.endless === true ? 0 : ANSWER_LIMIT,
      signal: call.signal,
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  } catch (error) {
    call.signal.throwIfAborted();
    throw connectionError(error, { what: 'reach the pod', namespace: '' }, new URL(url).host);
  }
}

/** What a sidecar's HTTP server answers of itself; the API server's answers are a Status. */
const isUnknownRoute = (said: string): boolean => /^\{"message":"Route [^"]* not found"/.test(said);

/** The sidecar's own refusal; undefined for that of the API server in between. */
function ownRefusal(said: string): WpcloneError | undefined {
  const refusal = refusalSchema.safeParse(parseJson(said)).data;
  return refusal && errorFromWire(refusal.error);
}
