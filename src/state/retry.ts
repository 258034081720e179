import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';

/** Milliseconds that the driver itself waits for another writer. It blocks this process's event loop, so it is short. */
export const DRIVER_TIMEOUT = 100;
/** Milliseconds after which a writer that never lets go is told of as BUSY. */
const TIMEOUT = 15_000;
const LONGEST_PAUSE = 100;

/** Makes a short transaction again while another process holds the database, and lets everything else go on in between. */
export async function retryWhileBusy<T>(
  { now, sleep, randomBytes }: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>,
  work: () => T,
): Promise<T> {
  const end = now() + TIMEOUT;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof WpcloneError) || error.code !== 'BUSY' || now() >= end) throw error;
    }
    await sleep(1 + (randomBytes(1).readUInt8() / 255) * LONGEST_PAUSE);
  }
}
