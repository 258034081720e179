import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstancePaths } from '../../instance/types.ts';
import type { WorkContext } from '../../shared/context.ts';
import { webLog } from './web-server.ts';

/** Milliseconds between two looks for new lines. */
const PAUSE = 250;
const CHUNK = 64 * 1024;
/** Longer lines are cut into pieces, so that a log without line ends does not fill the memory. */
const LONGEST_LINE = 256 * 1024;

interface Tail {
  readonly label: string;
  readonly file: string;
  position: number;
  rest: string;
}

/** The lines of the clone's logs, each behind the name of the log; with `follow` until the signal aborts. */
export async function* readLogs(
  paths: InstancePaths,
  databaseLog: string,
  follow: boolean,
  context: WorkContext,
): AsyncIterable<string> {
  const tails: Tail[] = [
    { label: 'web', file: webLog(paths), position: 0, rest: '' },
    { label: 'php', file: join(paths.run, 'php-errors.log'), position: 0, rest: '' },
    { label: 'database', file: databaseLog, position: 0, rest: '' },
  ];
  for (;;) {
    for (const tail of tails) for await (const line of newLines(tail)) yield `${tail.label}: ${line}`;
    if (!follow) return;
    await context.sleep(PAUSE, context.signal);
  }
}

async function* newLines(tail: Tail): AsyncIterable<string> {
  const size = await stat(tail.file).then(
    (found) => found.size,
    () => 0,
  );
  if (size < tail.position) tail.position = 0;
  if (size === tail.position) return;
  const file = await open(tail.file, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, tail.position);
      if (bytesRead === 0) return;
      tail.position += bytesRead;
      const lines = (tail.rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
      tail.rest = lines.pop() ?? '';
      yield* lines;
      if (tail.rest.length > LONGEST_LINE) {
        yield tail.rest;
        tail.rest = '';
      }
    }
  } finally {
    await file.close();
  }
}
