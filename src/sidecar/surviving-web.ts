import type { InstanceOperations } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';
import { untilAnswering } from './until-answering.ts';

/** Milliseconds for a killed web container to be started again by the kubelet. */
const WEB_LIMIT = 60_000;

/**
 * Verifies the clone once the web server answers, and a second time when it died during the first, whether that failed or found differences: the kubelet starts its
 * container anew, and the clone itself is not harmed. `answers` throws while the web server does not answer.
 */
export function survivingWeb(
  operations: InstanceOperations,
  answers: () => Promise<void>,
  work: Pick<WorkContext, 'now' | 'sleep'>,
): InstanceOperations {
  const answering = (signal: AbortSignal): Promise<void> => untilAnswering(answers, WEB_LIMIT, work, signal);

  return {
    ...operations,
    async verify(task, context) {
      await answering(context.signal);
      const first = await Promise.allSettled([operations.verify(task, context)]).then(([result]) => result);
      if (first.status === 'fulfilled' && first.value.findings.length === 0) return first.value;
      context.signal.throwIfAborted();
      const died = await answers().then(
        () => false,
        () => true,
      );
      if (died) {
        context.retry('The web server was restarted; the clone is verified again.', 0);
        await answering(context.signal);
        return operations.verify(task, context);
      }
      if (first.status === 'rejected') throw first.reason;
      return first.value;
    },
  };
}
