import type { Clock } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { newRestoreId } from '../../operations/restore-policy.ts';
import { unknownRestore } from '../../operations/restores.ts';
import type { RestoreReport } from '../../operations/types.ts';
import type { CloneReport } from '../../operations/clone-report.ts';
import type { Caller } from '../access/token.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Json, JsonObject, NewJob } from '../jobs/types.ts';
import { requireScope } from './access.ts';
import { workOf } from './calls.ts';
import { addressOf, hasLoggedIn, secretsOf } from './clone-job.ts';
import type { RetryBody } from './bodies.ts';
import { betweenJob } from './between-job.ts';
import { ownsClone } from '../jobs/clone-owners.ts';
import type { RestoreBody, WrittenBody } from './restore-bodies.ts';
import { jobFor, loginOf, policyOf } from './restore-job-parts.ts';
import type { AgentDeps } from './types.ts';

/** What writes to a live site is not for everybody who may clone it. Throws SCOPE_MISSING. */
export function requireScopeToRestore(caller: Caller, insecure: unknown): void {
  requireScope(caller, 'restore');
  if (insecure === true) requireScope(caller, 'admin');
}

/** The job of a request that was understood. Throws NOT_FOUND, BAD_INPUT, SCOPE_MISSING. */
export async function restoreJob(
  deps: AgentDeps,
  caller: Caller,
  body: RestoreBody,
  traceparent: string | null,
): Promise<NewJob> {
  const clone = await findClone(deps, caller, body);
  if (clone === undefined) return betweenJob(deps, caller, body, traceparent);
  const to = body.target?.url;
  const address = addressOf(to ?? clone.source.url);
  // A key that another customer's clone left with the agent opens nothing here. To write, everybody logs in.
  const source = { store: deps.store, now: deps.work.now };
  const mustLogIn = body.dry_run === true && !(await hasLoggedIn(source, caller, address));
  const request: JsonObject = {
    ...loginOf(body.target, body.insecure),
    ...(mustLogIn ? { mustLogIn } : {}),
    cloneId: clone.clone_id,
    ...(body.rehearsal === true ? { isCopy: true } : {}),
    policy: { ...policyOf(body) },
  };
  return {
    ...jobFor(caller, address, body.target, traceparent),
    clone: clone.clone_id,
    request:
      body.dry_run === true
        ? { what: 'plan', request }
        : {
            what: 'apply',
            request: { ...request, restore: newRestoreId(deps.work.randomBytes) },
            agreed: body.agreed ?? null,
          },
  };
}

/** The job that takes a restore back, or gives up its way back. Throws RESTORE_GONE. */
export async function writtenJob(
  deps: AgentDeps,
  caller: Caller,
  what: 'undo' | 'accept',
  restore: string,
  body: WrittenBody,
  traceparent: string | null,
): Promise<NewJob> {
  const known = await findRestore(deps, caller, restore);
  const address = addressOf(body.target?.url ?? known?.url ?? '');
  if (known === undefined && body.target?.url === undefined) throw unknownRestore(restore);
  return {
    ...jobFor(caller, address, body.target, traceparent),
    // It needs no clone, whose name may be another's by now.
    clone: null,
    request: { what, restore, only: body.only ?? null, request: loginOf(body.target, body.insecure) },
  };
}

/** The same work, with the words of a log-in that come now; the restore's id stays, so that it is not applied twice. */
export async function restoreAgain(
  source: { readonly store: JobStore; readonly now: Clock },
  caller: Caller,
  job: JsonObject,
  host: string | null,
  body: RetryBody,
): Promise<Pick<NewJob, 'request' | 'secrets'>> {
  const { mustLogIn: _decidedAnew, ...rest } = objectOf(job['request']);
  if (rest['from'] !== undefined)
    throw new WpcloneError('BAD_INPUT', 'A restore between two sites takes the log-ins of both: ask for it anew.');
  requireScopeToRestore(caller, rest['insecureTls']);
  const mustLogIn = job['what'] === 'plan' && !(await hasLoggedIn(source, caller, addressOf(host ?? '')));
  const named: JsonObject = body.source_username === undefined ? rest : { ...rest, username: body.source_username };
  const request: JsonObject = mustLogIn ? { ...named, mustLogIn } : named;
  return { request: { ...job, request }, secrets: secretsOf(body) };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** A restore that the caller may know of; undefined when the agent knows none of that id. Throws RESTORE_GONE for another's. */
export async function findRestore(deps: AgentDeps, caller: Caller, id: string): Promise<RestoreReport | undefined> {
  const restores = await deps.operations.restores.list(workOf(deps, new AbortController().signal));
  const known = restores.find(({ restore_id: each }) => each === id);
  if (known !== undefined && !(await ownsRestore(deps.store, caller, known))) throw unknownRestore(id);
  return known;
}

/** Null sees all, a customer those that its own jobs have made. */
export async function ownsRestore(
  store: Pick<JobStore, 'list'>,
  { customer }: Caller,
  { restore_id: id, clone_id: clone }: RestoreReport,
): Promise<boolean> {
  if (customer === null) return true;
  if (clone === null) return false;
  const isOf = (of: { readonly clone?: string }): Promise<boolean> => hasRestored({ customer, ...of }, id, store);
  // Of one between two sites, the clone was there for that alone.
  return (await isOf({ clone })) || isOf({});
}

async function hasRestored(
  of: { readonly customer: string; readonly clone?: string },
  id: string,
  store: Pick<JobStore, 'list'>,
): Promise<boolean> {
  let before: string | undefined;
  for (;;) {
    const jobs = await store.list({ ...of, kinds: ['restore'], ...(before !== undefined && { before }) });
    if (jobs.some(({ request }) => objectOf(request['request'])['restore'] === id)) return true;
    // A store gives so many at once.
    before = jobs.at(-1)?.id;
    if (before === undefined) return false;
  }
}

/**
 * Undefined for a site that is no clone, when another one is named to restore to. Throws NOT_FOUND: whether another's clone exists is nobody
 * else's business.
 */
async function findClone(
  deps: AgentDeps,
  caller: Caller,
  { clone_id: id, source, target }: RestoreBody,
): Promise<CloneReport | undefined> {
  const clones = await deps.operations.list(workOf(deps, new AbortController().signal));
  const wanted = source === undefined ? undefined : placeOf(source.url);
  const found = clones.find(
    (clone) => clone.clone_id === id || (wanted !== undefined && placeOf(clone.clone_url) === wanted),
  );
  if (found !== undefined && (await ownsClone(deps.store, caller.customer, found))) return found;
  if (found === undefined && source !== undefined && target?.url !== undefined) return undefined;
  const name = id ?? source?.url ?? '';
  throw new WpcloneError(
    'NOT_FOUND',
    `There is no clone of the agent's ${id === undefined ? 'at' : 'called'} ${name}.`,
    {
      details: { name },
    },
  );
}

function placeOf(typed: string): string | undefined {
  const url = addressOf(typed);
  return url && `${url.host}${url.pathname.replace(/\/+$/, '')}`;
}
