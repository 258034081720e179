import { newJobId, type WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { agreedTo } from '../restore/plan/agreed.ts';
import type { Picture } from './pictures/pictures.ts';
import { refuseUndecided } from './restore-policy.ts';
import { type ThrowAwaySite, withThrowAway } from './throw-away.ts';
import type { AppliedReport, Credentials, Operations, RestorePlan, RestoreRequest } from './types.ts';
import type { CloneResult } from './clone-report.ts';

/** What applying a plan to a copy of its live site came to; the live site was only read. */
export interface Rehearsal {
  /** The live site that was copied. */
  readonly url: string;
  readonly items: number;
  readonly rows: AppliedReport['rows'];
  readonly files: number;
  readonly held_ms: number | null;
  /** What pages of the copy did otherwise afterwards, and what else a person should know. */
  readonly warnings: readonly string[];
  /** Things that the plan would write and the copy would not, or the other way round. */
  readonly otherwise: readonly string[];
  readonly pictures: readonly Picture[];
}

/** Looks at pages of the copy: called before anything is written there, with the things that are, and again afterwards. */
export interface Camera {
  before(copy: CloneResult, items: readonly string[], context: WorkContext): Promise<void>;
  after(copy: CloneResult, context: WorkContext): Promise<readonly Picture[]>;
}

export interface RehearsalSpec {
  readonly plan: RestorePlan;
  readonly request: RestoreRequest;
  /** The live site. */
  readonly site: ThrowAwaySite;
  readonly credentials: Credentials;
  readonly camera?: Camera;
}

type Works = Pick<Operations, 'clone' | 'extend' | 'delete' | 'expose' | 'planRestore' | 'applyRestore' | 'disconnect'>;

/**
 * Copies the live site as it is now, applies what would go back to it to that copy, and looks at it; the copy is removed whatever came of
 * it. Throws RESTORE_CONFLICTS where something is undecided there, and RESTORE_BROKE where what is written breaks the copy.
 */
export function rehearse(operations: Works, spec: RehearsalSpec, context: WorkContext): Promise<Rehearsal> {
  const { plan, site, credentials } = spec;
  return withThrowAway(operations, site, credentials, jobOf(context), async (copy, work) => {
    const { loginUrl: _, ...request } = { ...spec.request, to: copy.clone_url, username: copy.username };
    const there = { ...request, insecureTls: false, isCopy: true };
    const login: Credentials = { password: () => Promise.resolve(copy.password), passwordAtHand: true };
    try {
      await operations.expose(copy.clone_id, work);
      const planned = await operations.planRestore(there, login, jobOf(work));
      refuseUndecided(planned);
      const agreed = agreedTo(planned);
      await spec.camera?.before(
        copy,
        agreed.items.map(({ id }) => id),
        work,
      );
      const { items, rows, files, held_ms, warnings } = await operations.applyRestore(
        { ...there, agreed },
        login,
        jobOf(work),
      );
      const pictures = (await spec.camera?.after(copy, work)) ?? [];
      const otherwise = differing(plan, planned);
      return { url: plan.live.url, items, rows, files, held_ms, warnings, otherwise, pictures };
    } finally {
      await forget(operations, copy, login, work);
    }
  });
}

/** Each is a job of its own, so that an agent takes none for another. */
const jobOf = (context: WorkContext): WorkContext => ({ ...context, jobId: newJobId(context.randomBytes) });

/** What was remembered of the copy's address means nothing to whoever has that address next. */
async function forget(
  operations: Works,
  { clone_url: url }: CloneResult,
  login: Credentials,
  context: WorkContext,
): Promise<void> {
  const quiet = { ...jobOf(context), emit: () => {}, signal: new AbortController().signal };
  await operations.disconnect(url, { insecureTls: false }, login, quiet).catch((error: unknown) => {
    context.log.debug('the copy was not forgotten', { url, error: toWpcloneError(error).message });
  });
}

/** Things that would be written on one side only, by their titles. */
function differing(plan: RestorePlan, copy: RestorePlan): string[] {
  const [one, other] = [writtenBy(plan), writtenBy(copy)];
  const missing = [...one].filter(([id]) => !other.has(id));
  const more = [...other].filter(([id]) => !one.has(id));
  return [...missing, ...more].map(([, title]) => title);
}

const writtenBy = ({ items, code, uploads }: RestorePlan): Map<string, string> =>
  new Map(
    [...items, ...code, ...uploads.map((upload) => ({ ...upload, title: upload.place }))].flatMap(
      ({ id, title, conflict, kept }) => (conflict || kept ? [] : [[id, title] as const]),
    ),
  );
