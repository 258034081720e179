import type { Attempt } from './types.ts';

/** In which name an attempt works: instances and clones tell by it whose they are. */
export const attemptName = ({ id, epoch }: Attempt): string => `${id}.${epoch}`;

/** The attempt of a name; the epoch is not a number when it is none. */
export function attemptOf(name: string): Attempt {
  const [id = '', epoch = ''] = name.split('.');
  return { id, epoch: Number(epoch) };
}
