import { withoutWww } from '../../shared/site-address.ts';
import { parsePolicy } from '../../operations/restore-policy.ts';
import type { Caller } from '../access/token.ts';
import type { JsonObject, NewJob, Secrets } from '../jobs/types.ts';
import { secretsOf } from './clone-job.ts';
import type { RestoreBody, TargetBody } from './restore-bodies.ts';

/** What is wanted, as a plan takes it. Throws BAD_INPUT. */
export function policyOf(body: RestoreBody) {
  const flags = { ...body, delete: body.delete ?? false, strict: body.strict ?? false };
  return { ...parsePolicy(flags), decisions: body.decisions ?? {} };
}

/** Which site, and how to log in to it, without what is secret. */
export function loginOf(target: TargetBody | undefined, insecure: boolean | undefined): JsonObject {
  return {
    insecureTls: insecure ?? false,
    ...(target?.url === undefined ? {} : { to: target.url }),
    ...(target?.username === undefined ? {} : { username: target.username }),
    ...(target?.login_url === undefined ? {} : { loginUrl: target.login_url }),
  };
}

/** What all jobs of restores have. */
export const jobFor = (
  { customer }: Caller,
  address: URL | undefined,
  target: TargetBody = {},
  traceparent: string | null,
): Omit<NewJob, 'clone' | 'request'> => ({
  kind: 'restore',
  customer,
  sourceHost: address === undefined ? null : withoutWww(address.host),
  priority: 10,
  secrets: wordsOf(target),
  confidential: {},
  traceparent,
});

const wordsOf = ({ password, http_auth_username, http_auth_password }: TargetBody): Secrets =>
  secretsOf({ source_password: password, http_auth_username, http_auth_password });
