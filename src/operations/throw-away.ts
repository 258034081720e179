import { runPipeline } from '../engine/pipeline.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { LEASE, renewWhile } from './renew.ts';
import type { Credentials, Operations, SourceLogin } from './types.ts';
import type { CloneResult } from './clone-report.ts';

/** A site to copy. */
export interface ThrowAwaySite extends SourceLogin {
  readonly url: string;
}

type Lives = Pick<Operations, 'clone' | 'extend' | 'delete'>;

/**
 * Makes a copy of a site, does `work` with it, and removes it whatever came of that. Whoever is killed meanwhile leaves a copy that ends by itself
 * within two minutes. To whoever watches, all of making it is one step.
 */
export async function withThrowAway<T>(
  operations: Lives,
  site: ThrowAwaySite,
  credentials: Credentials,
  context: WorkContext,
  work: (copy: CloneResult, context: WorkContext) => Promise<T>,
): Promise<T> {
  const copy = await runPipeline(context, (pipeline) =>
    pipeline.step('copy', async ({ work: reporting, progress }) => {
      const emit: WorkContext['emit'] = (event) => {
        if (event.type === 'step-started') progress({}, event.step);
        if (event.type === 'retry') reporting.retry?.(event.message, event.waitSeconds);
      };
      const value = await operations.clone({ ...PLAIN, ...site }, credentials, { ...reporting, emit });
      return { value, message: `${value.clone_id}, until this is over` };
    }),
  );
  const id = copy.clone_id;
  const over = new AbortController();
  const lost = new AbortController();
  const beside: WorkContext = { ...context, emit: () => {}, signal: over.signal };
  const renewing = renewWhile(
    (seconds, signal) => operations.extend(id, seconds, { ...beside, signal }),
    beside,
    (error) => lost.abort(error),
  );
  try {
    return await work(copy, { ...context, signal: AbortSignal.any([context.signal, lost.signal]) });
  } finally {
    over.abort();
    // A renewal that is under way must not be the last word.
    await renewing;
    const after = { ...beside, signal: new AbortController().signal };
    await operations.delete(id, after).catch((error: unknown) => {
      context.log.debug('a copy is not removed now but ends by itself', { id, error: toWpcloneError(error).message });
    });
  }
}

const PLAIN = {
  ttlSeconds: LEASE,
  media: 'copy',
  excludeTables: [],
  excludePaths: [],
  keepMail: false,
  strict: false,
  defines: {},
} as const;
