import type { Socket } from 'node:net';

/** The length of a packet and its number (MariaDB, "0 - Packet"). */
const HEAD_BYTES = 4;

/** mysql2 counts the packets of a command here, though its types do not say so. */
interface Counting {
  sequenceId: number;
}

const counts = (session: object): session is Counting =>
  'sequenceId' in session && typeof session.sequenceId === 'number';

/** Sends packets beside mysql2, from memory of at most `bytes` that is used again. Resolves when the content may be overwritten. */
export function createPackets(session: object, socket: Socket, bytes: number): (content: Buffer) => Promise<void> {
  if (!counts(session)) throw new Error('mysql2 does not count its packets where it did.');
  let memory: Buffer | undefined;
  let sent = Promise.resolve();
  return async (content) => {
    await sent;
    memory ??= Buffer.allocUnsafeSlow(HEAD_BYTES + bytes);
    memory.writeUIntLE(content.length, 0, 3);
    memory.writeUInt8(session.sequenceId, 3);
    session.sequenceId = (session.sequenceId + 1) % 256;
    const packet = memory.subarray(0, HEAD_BYTES + content.copy(memory, HEAD_BYTES));
    sent = new Promise((resolve, reject) => {
      socket.write(packet, (error) => (error ? reject(error) : resolve()));
    });
    // Whoever sends the next one hears of it.
    sent.catch(() => undefined);
  };
}
