import type { WorkContext } from '../shared/context.ts';

const LOOK_AGAIN = 250;

/** Waits for a container that the kubelet starts again: asks until `ask` no longer throws. Its last error after `limit` milliseconds. */
export async function untilAnswering(
  ask: () => Promise<unknown>,
  limit: number,
  work: Pick<WorkContext, 'now' | 'sleep'>,
  signal?: AbortSignal,
): Promise<void> {
  const until = work.now() + limit;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (work.now() > until) throw error;
      await work.sleep(LOOK_AGAIN, signal);
    }
  }
}
