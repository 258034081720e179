import { toWpcloneError, WpcloneError } from '../shared/errors.ts';

/** Exit codes of a process that a signal ended: 128 and the signal's number (POSIX). */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;

/** Milliseconds that the work gets to end by itself after a fault that nobody handled. */
const FAULT_GRACE = 5_000;

export interface Interrupts {
  /** Aborted by the first signal; its reason is CANCELLED. */
  readonly signal: AbortSignal;
  /** Of the signal that came, if one did. */
  exitCode(): number | undefined;
  /** From now on signals only go to `receiver`. */
  handTo(receiver: (signal: Signal) => void): void;
  /** Gives the signals back to their default: the process ends. */
  release(): void;
}

/** The first SIGINT, SIGTERM or SIGHUP cancels the work, which then undoes itself; the second ends the process at once. */
export function watchInterrupts(onFirst: (signal: Signal) => void): Interrupts {
  const controller = new AbortController();
  let received: Signal | undefined;
  let receiver: ((signal: Signal) => void) | undefined;
  const listeners = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map((name) => {
    const listener = (): void => {
      if (receiver !== undefined) return receiver(name);
      if (received !== undefined) process.exit(EXIT_CODES[name]);
      received = name;
      controller.abort(new WpcloneError('CANCELLED', `Cancelled by ${name}.`));
      onFirst(name);
    };
    process.on(name, listener);
    return { name, listener };
  });
  const stopWatchingFaults = watchFaults(controller);
  return {
    signal: controller.signal,
    handTo: (other) => (receiver = other),
    exitCode: () => received && EXIT_CODES[received],
    release: () => {
      for (const { name, listener } of listeners) process.off(name, listener);
      stopWatchingFaults();
    },
  };
}

/**
 * A fault outside of the awaited work must not end the process before the work has been undone. Mostly it follows from a
 * failure that is already being reported, so that one gets a little time to be first.
 */
function watchFaults(controller: AbortController): () => void {
  const onFault = (reason: unknown): void => {
    setTimeout(() => controller.abort(toWpcloneError(reason)), FAULT_GRACE).unref();
  };
  process.on('unhandledRejection', onFault);
  process.on('uncaughtException', onFault);
  return () => {
    process.off('unhandledRejection', onFault);
    process.off('uncaughtException', onFault);
  };
}
