import { open } from 'node:fs/promises';

/** More than PHP writes until it serves or gives up, also when it complains about its extensions first. */
const BEGINNING = 64 * 1024;

/**
 * Whether PHP's web server says in its log, from `since` bytes on, that it has its port. An answer on the port is not enough: one
 * that was faster in taking it answers there too, and may look the same.
 */
export const saysItServes = async (log: string, since: number): Promise<boolean> =>
  /Development Server .*started/.test(await readSince(log, since));

/** Whether it says that somebody else has its port. */
export const saysPortIsTaken = async (log: string, since: number): Promise<boolean> =>
  /address already in use/i.test(await readSince(log, since));

async function readSince(log: string, position: number): Promise<string> {
  const file = await open(log, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING), 0, BEGINNING, position);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
