/**
 * Runs pieces of work at the same time. The first failure aborts the others and is thrown once all have stopped. When `outer`
 * aborts, its reason is thrown.
 */
export async function allOrNothing<T extends readonly unknown[] | []>(
  outer: AbortSignal,
  start: (signal: AbortSignal) => T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const controller = new AbortController();
  const work = start(AbortSignal.any([outer, controller.signal]));
  try {
    return await Promise.all(work);
  } catch (error) {
    controller.abort(error);
    await Promise.allSettled(work);
    outer.throwIfAborted();
    throw error;
  }
}
