import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
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
  /** Keeps the beginning of a character whose end is not there yet. */
  decoder: StringDecoder;
  rest: string;
}

const tailOf = (label: string, file: string): Tail => ({
  label,
  file,
  position: 0,
  decoder: new StringDecoder('utf8'),
  rest: '',
});

/** The lines of the clone's logs, each behind the name of the log; with `follow` until the signal aborts. */
export async function* readLogs(
  paths: InstancePaths,
  databaseLog: string,
  { follow }: { readonly follow: boolean },
  context: WorkContext,
): AsyncIterable<string> {
  const tails: Tail[] = [
    tailOf('web', webLog(paths)),
    tailOf('php', join(paths.run, 'php-errors.log')),
    tailOf('database', databaseLog),
  ];
  for (;;) {
    for (const tail of tails) for await (const line of newLines(tail)) yield `${tail.label}: ${line}`;
    if (!follow) break;
    await context.sleep(PAUSE, context.signal);
  }
  // Nobody ended it, as where a server was killed in the middle of a line.
  for (const { label, rest } of tails) if (rest !== '') yield `${label}: ${rest}`;
}

async function* newLines(tail: Tail): AsyncIterable<string> {
  const size = await stat(tail.file).then(
    (found) => found.size,
    () => 0,
  );
  if (size < tail.position) Object.assign(tail, tailOf(tail.label, tail.file));
  if (size === tail.position) return;
  const file = await open(tail.file, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, tail.position);
      if (bytesRead === 0) return;
      tail.position += bytesRead;
      const lines = (tail.rest + tail.decoder.write(buffer.subarray(0, bytesRead))).split('\n');
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
