import { z } from 'zod';
import { WpcloneError } from '../../../shared/errors.ts';
import { parseJson } from '../../../shared/json.ts';

/** The API server's answer to what it refused (meta/v1 Status); a proxy in front of it answers anything. */
const statusSchema = z.object({
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({
      kind: z.string().optional(),
      retryAfterSeconds: z.number().optional(),
      causes: z.array(z.object({ reason: z.string().optional(), field: z.string().optional() })).optional(),
    })
    .optional(),
});
export type ApiStatus = z.infer<typeof statusSchema>;

/** The Status in an answer; the beginning of the text when it is none. */
export function parseStatus(text: string): ApiStatus {
  return statusSchema.safeParse(parseJson(text)).data ?? { message: text.slice(0, 200) };
}

/** What was asked, for messages: `create pods in namespace staging`. */
export interface ApiCall {
  readonly what: string;
  readonly namespace: string;
}

/**
 * The one place where what Kubernetes says becomes an error of ours, with whether the same call may succeed a little later.
 * `details.status` and `details.reason` keep the original for those few callers who must look.
 */
export function apiError(status: number, answer: ApiStatus, call: ApiCall, retryAfter?: number): WpcloneError {
  const reason = answer.reason ?? '';
  const said = answer.message ?? `HTTP ${status}`;
  const details = { status, reason, namespace: call.namespace };
  const error: Refuse = (code, message, retryable = false, right) =>
    new WpcloneError(code, message, {
      details: right === undefined ? details : { ...details, right },
      retryable,
      retryAfter: answer.details?.retryAfterSeconds ?? retryAfter,
    });

  const policy = refusedByPolicy(said, call, answer.details?.retryAfterSeconds ?? retryAfter);
  if (policy !== undefined) return policy;
  if (status === 401) return error('CLUSTER_AUTH', 'The cluster does not accept the log-in (it may have expired).');
  if (status === 403) return forbidden(said, call, error);
  if (status === 404 && answer.details?.kind === 'namespaces') {
    return error('NAMESPACE_MISSING', `The namespace ${call.namespace} does not exist.`);
  }
  if (status === 404) return error('NOT_FOUND', `Could not ${call.what}: ${said}`);
  if (status === 409 && reason === 'AlreadyExists') return error('CONFLICT', `Could not ${call.what}: ${said}`);
  const others = fieldsOfOthers(answer);
  if (status === 409 && others.length > 0) return error('CLUSTER_CONFLICT', `Somebody else set ${others.join(', ')}.`);
  if (status === 409) return error('CLUSTER_CONFLICT', `Could not ${call.what}: ${said}`, true);
  if (status === 429) return error('CLUSTER_FAILED', 'The API server asks to slow down.', true);
  if (status >= 500) return error('CLUSTER_FAILED', `Could not ${call.what}: ${said}`, true);
  return error('CLUSTER_FAILED', `Could not ${call.what}: ${said}`);
}

/** What server-side apply leaves alone, as another manager has set it to another value. */
const fieldsOfOthers = (answer: ApiStatus): string[] =>
  (answer.details?.causes ?? [])
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ field }) => field?.replace(/^\./, '') ?? 'a field');

/** `right`: the verb and the resource that are not granted. */
type Refuse = (code: WpcloneError['code'], message: string, retryable?: boolean, right?: string) => WpcloneError;

function forbidden(said: string, call: ApiCall, error: Refuse): WpcloneError {
  // The quota controller may not have computed a new quota yet; that passes.
  if (/status unknown for quota/.test(said)) return error('QUOTA_EXCEEDED', said, true);
  // A namespace is there a moment before its default service account is (kubernetes/kubernetes#66689).
  if (/error looking up service account \S+: serviceaccount "default" not found/.test(said)) {
    const message = `The namespace ${call.namespace} has no service account "default", without which no pod is let in.`;
    return error('SERVICE_ACCOUNT_MISSING', message, true);
  }
  if (/exceeded quota/.test(said)) {
    return error(
      'QUOTA_EXCEEDED',
      `The quota of the namespace is used up: ${said.replace(/^.*?exceeded quota: /, '')}`,
    );
  }
  if (/is being terminated/.test(said)) {
    return error('NAMESPACE_MISSING', `The namespace ${call.namespace} is being deleted.`);
  }
  const right = /User "([^"]*)" cannot (\w+) resource "([^"]*)"/.exec(said);
  if (right !== null) {
    const [, user, verb, resource] = right;
    const message = `${user} may not ${verb} ${resource} in namespace ${call.namespace}.`;
    return error('CLUSTER_FORBIDDEN', message, false, `${verb} ${resource}`);
  }
  // What else an API server forbids is forbidden by a rule about what was sent (quota, LimitRange, Pod Security, webhooks).
  if (/" is forbidden: (?!.*attempting to grant)/.test(said)) return error('RULES_FORBID', ruleMessage(said, call));
  return error('CLUSTER_FORBIDDEN', `The cluster refuses to ${call.what}: ${said}`);
}

/** How the API server begins to tell of a webhook that said no, and of a policy written in CEL. */
const POLICY =
  /^admission webhook "[^"]*" denied the request|^(?:\S+ "[^"]*" is forbidden: )?(?:Validating|Mutating)AdmissionPolicy '/;
const WEBHOOK_CALL = /^(?:Internal error occurred: )?failed calling webhook "([^"]*)": (.*)$/s;

/**
 * What a policy refuses, which may say so with any HTTP code (a webhook chooses its own). Nobody must take that code for the API
 * server's own word, such as 404 for an object that is not there: it is left out of the details.
 */
function refusedByPolicy(said: string, call: ApiCall, retryAfter: number | undefined): WpcloneError | undefined {
  const details = { namespace: call.namespace };
  if (POLICY.test(said)) return new WpcloneError('RULES_FORBID', ruleMessage(said, call), { details });
  const [, webhook, why] = WEBHOOK_CALL.exec(said) ?? [];
  if (webhook === undefined) return undefined;
  const message = `The cluster's admission webhook "${webhook}" does not answer, and nothing is let in without it (failurePolicy: Fail), so wpclone could not ${call.what}: ${why}`;
  return new WpcloneError('WEBHOOK_UNREACHABLE', message, { details, retryable: true, retryAfter });
}

const ruleMessage = (said: string, call: ApiCall): string =>
  `The rules of the namespace do not let wpclone ${call.what}: ${ruleOf(said)}`;

/** Without the name of the refused object, which nobody chose and which is gone. */
const ruleOf = (said: string): string => said.replace(/^\S+ "[^"]*" is forbidden: /, '');

/** Codes of certificates that do not fit (Node.js "TLS: X509 certificate error codes"). */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/;

/** A request that got no answer. */
export function connectionError(cause: unknown, call: ApiCall, server: string): WpcloneError {
  if (cause instanceof WpcloneError) return cause;
  const code = causeCode(cause);
  if (CERTIFICATE.test(code)) {
    const message = `The certificate of the API server ${server} does not fit the kubeconfig (${code}).`;
    return new WpcloneError('CLUSTER_UNREACHABLE', message, { cause });
  }
  const message = `The API server ${server} does not answer (${code}), so wpclone could not ${call.what}.`;
  return new WpcloneError('CLUSTER_UNREACHABLE', message, { cause, retryable: true });
}

/** Something else answers in the place of the API server, such as the log-in page of a proxy. */
export const notAnApiServer = (status: number, server: string): WpcloneError =>
  new WpcloneError('CLUSTER_UNREACHABLE', `What answers at ${server} is no API server (HTTP ${status}, and no JSON).`);

function causeCode(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') return each.code;
    if (each.name === 'TimeoutError') return 'timed out';
  }
  return error instanceof Error ? error.message : String(error);
}

/** The status code of the API server's refusal; undefined when the error is of another kind. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof WpcloneError && typeof error.details['status'] === 'number' ? error.details['status'] : undefined;

/** Whether the API server answered that there is no such object. */
export const isGone = (error: unknown): boolean => statusOf(error) === 404;

/** Whether a role grants too little, which is another thing than a rule that refuses what was sent. */
export const isRightMissing = (error: unknown): boolean =>
  error instanceof WpcloneError && error.details['right'] !== undefined;
