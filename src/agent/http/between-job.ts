import { WpcloneError } from '../../shared/errors.ts';
import { siteKey } from '../../shared/site-address.ts';
import { newRestoreId } from '../../operations/restore-policy.ts';
import type { Caller } from '../access/token.ts';
import type { JsonObject, NewJob, Secrets } from '../jobs/types.ts';
import { requireScope } from './access.ts';
import { addressOf, hasLoggedIn } from './clone-job.ts';
import type { FromBody, RestoreBody } from './restore-bodies.ts';
import { jobFor, loginOf, policyOf } from './restore-job-parts.ts';
import type { AgentDeps } from './types.ts';

/** A site that nobody has cloned is copied for this, and what both have otherwise is as there afterwards, unless somebody says otherwise. */
export async function betweenJob(
  deps: AgentDeps,
  caller: Caller,
  body: RestoreBody,
  traceparent: string | null,
): Promise<NewJob> {
  const { source, target, insecure, dry_run: isPlan, agreed = null } = body;
  if (source === undefined || target?.url === undefined) throw new WpcloneError('BAD_INPUT', 'Two sites are wanted.');
  requireScope(caller, 'clone');
  const [from, to] = [addressOf(source.url), addressOf(target.url)];
  if (from && to && siteKey(from) === siteKey(to))
    throw new WpcloneError('BAD_INPUT', 'Source and target are one and the same site.');
  const known = { store: deps.store, now: deps.work.now };
  const { to: _, ...sourceLogin } = loginOf(source, insecure);
  const mustLogIn = async (site: URL | undefined): Promise<JsonObject> =>
    (await hasLoggedIn(known, caller, site)) ? {} : { mustLogIn: true };
  const request: JsonObject = {
    ...loginOf(target, insecure),
    ...(isPlan === true ? await mustLogIn(to) : {}),
    to: target.url,
    from: { url: source.url, ...sourceLogin, ...(await mustLogIn(from)) },
    policy: { ...policyOf({ ...body, take: body.take ?? 'clone' }) },
  };
  const job = jobFor(caller, to, target, traceparent);
  return {
    ...job,
    clone: null,
    secrets: { ...job.secrets, ...secretsOfSource(source) },
    request:
      isPlan === true
        ? { what: 'plan-between', request }
        : { what: 'apply-between', request: { ...request, restore: newRestoreId(deps.work.randomBytes) }, agreed },
  };
}

/** Under names of their own, beside those of the target. */
const secretsOfSource = (source: FromBody): Secrets =>
  Object.fromEntries(
    Object.entries({
      from_password: source.password,
      from_http_auth_username: source.http_auth_username,
      from_http_auth_password: source.http_auth_password,
    }).flatMap(([name, word]) => (word === undefined ? [] : [[name, word]])),
  );
