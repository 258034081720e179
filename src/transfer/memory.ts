import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After so many bytes the young generation is swept, which takes about a millisecond, and after so many the old one too. */
const YOUNG_BYTES = 4 * 1024 * 1024;
const OLD_BYTES = 48 * 1024 * 1024;

type Collect = (options: { type: 'minor' | 'major' }) => void;

let collect: Collect | undefined;
let sinceYoung = 0;
let sinceOld = 0;

/**
 * Says that content has passed through. Buffers lie outside of V8's heap, which looks for unused ones only when another 64 MiB of
 * them have come together; asking for it more often keeps a transfer's memory small.
 */
export function passedThrough(bytes: number): void {
  sinceYoung += bytes;
  sinceOld += bytes;
  if (sinceYoung < YOUNG_BYTES) return;
  const type = sinceOld < OLD_BYTES ? 'minor' : 'major';
  sinceYoung = 0;
  if (type === 'major') sinceOld = 0;
  collect ??= findCollector();
  collect({ type });
}

/** V8 gives its collector to contexts that are made while the flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: Collect = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return found;
}
