import type { WorkContext } from '../shared/context.ts';
import type { UnitFinding } from './units.ts';

/** Milliseconds after which a unit that did not answer is asked once more. */
const PAUSE = 3_000;

/**
 * Looks at a unit, and once more when it did not answer: a machine that is busy for a moment says nothing about the unit. What it did
 * answer counts at once.
 */
export async function retryOnce<T extends { readonly findings: readonly UnitFinding[] }>(
  look: () => Promise<T>,
  context: Pick<WorkContext, 'sleep' | 'signal'>,
): Promise<T> {
  const [first] = await Promise.allSettled([look()]);
  if (first.status === 'fulfilled' && hasAnswered(first.value.findings)) return first.value;
  context.signal.throwIfAborted();
  await context.sleep(PAUSE, context.signal);
  return look();
}

const hasAnswered = (findings: readonly UnitFinding[]): boolean =>
  findings.every(({ check, ok }) => ok || check !== 'answers');
