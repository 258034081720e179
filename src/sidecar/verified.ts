import type { InstanceOperations } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';

/** Milliseconds for a killed web container to be started again by the kubelet. */
const WEB_LIMIT = 60_000;
const LOOK_AGAIN = 250;

/**
 * Verifies once the web server answers, and once more when it died meanwhile: the kubelet starts its container anew, and
 * the clone is none the worse for it. `answers` throws while the web server does not answer.
 */
export function survivingWeb(
  operations: InstanceOperations,
  answers: () => Promise<void>,
  work: Pick<WorkContext, 'now' | 'sleep'>,
): InstanceOperations {
  async function answering(signal: AbortSignal): Promise<void> {
    const until = work.now() + WEB_LIMIT;
    for (;;) {
      try {
        return await answers();
      } catch (error) {
        if (work.now() > until) throw error;
        await work.sleep(LOOK_AGAIN, signal);
      }
    }
  }

  return {
    ...operations,
    async verify(task, context) {
      await answering(context.signal);
      try {
        return await operations.verify(task, context);
      } catch (error) {
        context.signal.throwIfAborted();
        const died = await answers().then(
          () => false,
          () => true,
        );
        if (!died) throw error;
        context.retry('The web server was restarted; the clone is verified again.', 0);
        await answering(context.signal);
        return operations.verify(task, context);
      }
    },
  };
}
