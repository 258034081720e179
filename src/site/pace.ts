/** How much is asked for at once: longer answers as long as they arrive whole, much shorter ones as soon as one does not. */
export interface Pace {
  /** Seconds that one answer may take at the source. */
  readonly seconds: number;
  /** Whether blocks should come deflated. */
  readonly gzip: boolean;
  /** How large one answer may become; absent as long as none was cut for its size. */
  readonly bytes: number | undefined;
  /** An answer came whole. Bytes on the wire and of content, and seconds. */
  succeeded(wire: number, content: number, seconds: number): void;
  /** An answer was cut after so many seconds and bytes. */
  cut(seconds: number, wire: number): void;
}

const START_SECONDS = 40;
const MOST_SECONDS = 240;
const LEAST_SECONDS = 2;

/** Above this rate the network is faster than the source deflates; below the other one deflating pays. Bytes per second. */
const FAST_WIRE = 60e6;
const SLOW_WIRE = 30e6;
/** Too little to judge by. */
const SAMPLE_BYTES = 4 << 20;

/** Two answers that are cut at the same size, give or take a little, are cut for it: some hosts let no more than a megabyte through. */
const SAME_SIZE = 0.03;
const LEAST_CAP = 16 << 10;
/** What of such a size is asked for. */
const PART_OF_CAP = 0.85;

/** `near`: the site is on this machine, where deflating only costs. */
export function createPace({ near }: { readonly near: boolean }): Pace {
  let seconds = START_SECONDS;
  let gzip = !near;
  let lastCut = 0;
  let bytes: number | undefined;
  return {
    get seconds() {
      return seconds;
    },
    get gzip() {
      return gzip;
    },
    get bytes() {
      return bytes;
    },
    succeeded(wire, content, took) {
      if (took > seconds * 0.8) seconds = Math.min(MOST_SECONDS, Math.ceil(seconds * 1.5));
      if (content < SAMPLE_BYTES || near) return;
      const rate = wire / Math.max(took, 0.001);
      if (gzip && rate > FAST_WIRE) gzip = false;
      else if (!gzip && rate < SLOW_WIRE) gzip = true;
    },
    cut(after, wire) {
      const same = wire >= LEAST_CAP && Math.abs(wire - lastCut) <= wire * SAME_SIZE;
      lastCut = wire;
      if (same) {
        bytes = Math.min(bytes ?? Infinity, Math.floor(wire * PART_OF_CAP));
        gzip = true;
      } else if (after >= 1) seconds = Math.max(LEAST_SECONDS, Math.min(seconds, Math.floor(after * 0.6)));
    },
  };
}
