import type { WorkContext } from '../shared/context.ts';
import { waitUntil } from '../shared/wait-until.ts';

const LOOK_AGAIN = 250;

/** Waits for a container that the kubelet starts again: asks until `ask` no longer throws. Its last error after `limit` milliseconds. */
export async function untilAnswering(
  ask: () => Promise<unknown>,
  limit: number,
  work: Pick<WorkContext, 'now' | 'sleep'>,
  signal?: AbortSignal,
): Promise<void> {
  let last: unknown;
  const answers = async (): Promise<boolean> => {
    try {
      await ask();
      return true;
    } catch (error) {
      last = error;
      return false;
    }
  };
  if (!(await waitUntil(answers, { every: LOOK_AGAIN, limit, signal }, work))) throw last;
}
