import type { WebSocket } from 'ws';
import type { WorkContext } from '../../shared/context.ts';
import { eventText, onceForAll, type Sink } from './follow-log.ts';

/** Bytes that may wait for a reader before it is waited for. */
const FULL = 64 * 1024;

const message = onceForAll((event) => `{"sequence":${event.sequence},"event":${eventText(event)}}`);

/** A WebSocket (RFC 6455) as the way to a reader. One that has not answered a ping by the next is gone. */
export function socketSink(socket: WebSocket, signal: AbortSignal): Sink {
  let answered = true;
  socket.on('pong', () => (answered = true));
  socket.on('error', () => socket.terminate());
  return {
    send(event) {
      const sent = Promise.withResolvers<void>();
      const go = (): void => sent.resolve();
      socket.send(message(event), go);
      if (socket.bufferedAmount < FULL) return undefined;
      signal.addEventListener('abort', go, { once: true });
      if (signal.aborted) go();
      return sent.promise.finally(() => signal.removeEventListener('abort', go));
    },
    beat() {
      if (!answered) socket.terminate();
      answered = false;
      socket.ping();
      return undefined;
    },
  };
}

/** Milliseconds for a reader to take note that it is over; one that takes nothing would hold up the end of the agent. */
const PARTING = 2_000;

/** Closes a socket with a word, and cuts it off when nobody answers. */
export async function part(
  socket: WebSocket,
  code: number,
  word: string,
  { sleep }: Pick<WorkContext, 'sleep'>,
): Promise<void> {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  socket.close(code, word);
  if (socket.readyState === socket.CLOSED) return;
  await sleep(PARTING, closed.signal).catch(() => undefined);
  socket.terminate();
}
