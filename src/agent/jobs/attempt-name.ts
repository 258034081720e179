import type { Attempt } from './types.ts';

/** In which name an attempt works: instances and clones tell by it whose they are. */
export const attemptName = ({ id, epoch }: Attempt): string => `${id}.${epoch}`;
