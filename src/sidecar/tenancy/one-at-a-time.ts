/**
 * Runs one piece of work after the other. Whoever hears no answer asks again: what was asked for first must have ended by then, or it
 * would go on clearing up in what is somebody else's already.
 */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}
