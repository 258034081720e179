import { Agent, buildConnector } from 'undici';
import { MOST_HEADER_BYTES, TIMEOUTS } from '../http.ts';
import { connectorWithin, type Reach } from '../reach.ts';
import { createReadRoom } from './read-room.ts';

/**
 * As `openAgent`, for `ask` alone: its sockets use their memory again. HTTP/1.1 only, since Node.js reads HTTP/2 into memory of its own.
 * Close it when done.
 */
export function openLendingAgent(insecureTls: boolean, reach?: Reach): Agent {
  return new Agent({
    ...TIMEOUTS.agent,
    maxHeaderSize: MOST_HEADER_BYTES,
    allowH2: false,
    connect: (target, callback) => {
      const room = createReadRoom();
      const { onread } = room;
      const options = { ...TIMEOUTS.connect, rejectUnauthorized: !insecureTls, allowH2: false, onread };
      const connect = reach === undefined ? buildConnector(options) : connectorWithin(reach, options);
      connect(target, (...outcome) => {
        const [, socket] = outcome;
        if (socket !== null) room.attach(socket);
        callback(...outcome);
      });
    },
  });
}
