import { checkDefines, parsePhpVersion } from '../../operations/defines.ts';
import type { Clock } from '../../shared/context.ts';
import { siteKey, withoutWww } from '../../shared/site-address.ts';
import { type Caller, may } from '../access/token.ts';
import type { JobStore } from '../jobs/store.ts';
import type { JsonObject, NewJob, Secrets } from '../jobs/types.ts';
import { requireScope } from './access.ts';
import type { CloneBody, RetryBody } from './bodies.ts';

const DEFAULT_TTL_MINUTES = 30;
const MINUTE = 60;
/** For how long a clone that a customer made lets it in again without a log-in, in milliseconds: as long as a key is remembered. */
const KEY_MEMORY = 60 * 60 * 1000;
/** Jobs that are looked through for one; whoever makes more in an hour logs in more often. */
const LOOKED_AT = 100;

/** The request as a queue can keep it: what is secret apart, everything else under the names of the engine. Throws BAD_INPUT. */
export function cloneRequest(body: CloneBody): JsonObject {
  return {
    url: body.source_url,
    ttlSeconds: Math.round((body.ttl_minutes ?? DEFAULT_TTL_MINUTES) * MINUTE),
    media: body.media ?? 'copy',
    excludeTables: body.exclude_tables ?? [],
    includeTables: body.include_tables ?? [],
    excludePaths: body.exclude_paths ?? [],
    keepMail: body.keep_mail ?? false,
    allowExec: body.allow_exec ?? false,
    strict: body.strict ?? false,
    insecureTls: body.insecure ?? false,
    ...(body.php === undefined ? {} : { php: parsePhpVersion(body.php) }),
    ...(body.id_gap === undefined ? {} : { idGap: body.id_gap }),
    ...(body.customer_id === undefined ? {} : { name: body.customer_id }),
    ...(body.replace === true ? { replace: true } : {}),
    ...(body.source_username === undefined ? {} : { username: body.source_username }),
    ...(body.login_url === undefined ? {} : { loginUrl: body.login_url }),
  };
}

/** Constants may hold keys of services. Throws BAD_INPUT. */
export const confidentialOf = ({ defines = {} }: Pick<CloneBody, 'defines'>): JsonObject =>
  Object.keys(defines).length === 0 ? {} : { defines: { ...checkDefines(defines, 'defines') } };

/** What weakens a clone or the way to its source is not for everybody who may make one. Throws SCOPE_MISSING. */
export function requireScopeFor(caller: Caller, request: JsonObject): void {
  requireScope(caller, 'clone');
  if (request['keepMail'] === true || request['allowExec'] === true || request['insecureTls'] === true) {
    requireScope(caller, 'admin');
  }
}

/** The words of a log-in, which are sealed. */
export function secretsOf(body: RetryBody): Secrets {
  const { source_password, http_auth_username, http_auth_password } = body;
  const given = Object.entries({ source_password, http_auth_username, http_auth_password });
  return Object.fromEntries(given.flatMap(([name, word]) => (word === undefined ? [] : [[name, word]])));
}

/** The job of a request that was understood, for whoever sends it. */
export async function cloneJob(
  { store, now }: { readonly store: JobStore; readonly now: Clock },
  caller: Caller,
  { request, secrets, confidential }: Pick<NewJob, 'request' | 'secrets' | 'confidential'>,
  traceparent: string | null,
): Promise<NewJob> {
  const { url, name } = request;
  const address = addressOf(typeof url === 'string' ? url : '');
  // A key that another customer's clone left with the agent opens nothing here.
  const mustLogIn = !(await hasLoggedIn({ store, now }, caller, address));
  return {
    kind: 'clone',
    customer: caller.customer,
    clone: typeof name === 'string' ? name : null,
    sourceHost: address === undefined ? null : withoutWww(address.host),
    priority: may(caller, 'admin') ? 10 : 0,
    request: { ...request, ...(mustLogIn ? { mustLogIn } : {}) },
    secrets,
    confidential,
    traceparent,
  };
}

/** For limits and keys; an address that is none fails in the job, with its own words. */
export const addressOf = (typed: string): URL | undefined =>
  URL.parse(/^https?:/i.test(typed) ? typed : `https://${typed}`) ?? undefined;

/** Whether the caller's own clones have proven within the hour that the site lets the caller in. */
export async function hasLoggedIn(
  { store, now }: { readonly store: JobStore; readonly now: Clock },
  caller: Caller,
  address: URL | undefined,
): Promise<boolean> {
  const { customer } = caller;
  if (customer === null) return true;
  if (address === undefined) return false;
  const jobs = await store.list({ customer, kinds: ['clone'], states: ['completed'], limit: LOOKED_AT });
  return jobs.some(({ request, finishedAt }) => {
    const other = addressOf(typeof request['url'] === 'string' ? request['url'] : '');
    const recent = finishedAt !== null && now() - finishedAt < KEY_MEMORY;
    return recent && other !== undefined && siteKey(other) === siteKey(address);
  });
}
