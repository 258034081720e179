import { createHash } from 'node:crypto';
import { constants, open, rm } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;
/** The server's group may have it as the server makes its own. */
const MODE = 0o660;

/** Copies a file to one that must not be there yet, and returns the SHA-256 of what went through, in hex. */
export async function copyHashed(from: string, to: string, signal: AbortSignal): Promise<string> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const target = await open(to, 'wx', MODE);
    try {
      const hash = createHash('sha256');
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let bytes = 0; ;) {
        signal.throwIfAborted();
        const { bytesRead } = await source.read(chunk, 0, chunk.length, bytes);
        if (bytesRead === 0) return hash.digest('hex');
        const part = chunk.subarray(0, bytesRead);
        hash.update(part);
        for (let done = 0; done < part.length;) done += (await target.write(part, done)).bytesWritten;
        bytes += bytesRead;
      }
    } finally {
      await target.close();
    }
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  } finally {
    await source.close();
  }
}
