import type { Emit } from '../../shared/events.ts';

/** Somebody who watches the work. Dropping a view changes nothing about the work. */
export interface View {
  readonly emit: Emit;
  /** Runs a prompt without the view drawing over it. `output` is where the prompt must write. */
  ask<T>(prompt: (output: NodeJS.WritableStream) => Promise<T>): Promise<T>;
  /** Stops drawing and leaves the last picture; idempotent. Later events are printed as lines. */
  close(): Promise<void>;
}
