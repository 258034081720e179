import { setImmediate } from 'node:timers/promises';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import { remaining } from '../../shared/format.ts';
import type { Operations } from '../../operations/types.ts';
import type { CloneResult } from '../../operations/clone-report.ts';
import { type ChildCommand, startChild } from './child.ts';
import { renewWhile } from '../../operations/renew.ts';

/** A command and the clone that is there for as long as it runs. */
export interface CommandRun {
  readonly command: ChildCommand;
  readonly clone: CloneResult;
  /** Seconds that the clone is kept for when the command fails; 0: not at all. */
  readonly keepFailed: number;
  /** From then on signals go to `receiver`. */
  readonly takeSignals: (receiver: (signal: NodeJS.Signals) => void) => void;
  /** For the person, beside what the command says. */
  readonly say: (text: string) => void;
}

/** Exit code of what goes wrong on our own side (as of env, timeout and docker run). */
export const OWN_FAILURE = 125;

type Lives = Pick<Operations, 'expose' | 'extend' | 'delete'>;

/** Runs the command, renewing the clone's time while it lives; then removes the clone, or keeps it. Resolves to its exit code. */
export async function runWithClone(operations: Lives, run: CommandRun, context: WorkContext): Promise<number> {
  const { clone, say } = run;
  const id = clone.clone_id;
  const ended = new AbortController();
  const meanwhile: WorkContext = { ...context, emit: () => {}, signal: ended.signal };
  const renewing = renewWhile(
    (seconds, signal) => operations.extend(id, seconds, { ...meanwhile, signal }),
    meanwhile,
    (error) => say(`${id} is not there any more: ${error.message}`),
  );
  const stop = async (): Promise<void> => {
    ended.abort();
    // A renewal that is under way must not be the last word.
    await renewing;
  };
  const after: WorkContext = { ...meanwhile, signal: new AbortController().signal };
  const { code, interrupted } = await (async () => {
    const signal = AbortSignal.any([context.signal, ended.signal]);
    await operations.expose(id, { ...context, signal }, (error) => say(error.message));
    context.signal.throwIfAborted();
    return attend(run);
  })().catch(async (error: unknown) => {
    await stop();
    await removed(operations, run, after);
    throw error;
  });
  await stop();
  const keep = code !== 0 && !interrupted && run.keepFailed > 0;
  await (keep ? kept(operations, run, after) : removed(operations, run, after));
  return code;
}

/** Starts the command and waits for its end. What signals ask of us goes to it; one that comes after another, when it has ended, ends us at once. */
async function attend({ command, takeSignals }: CommandRun): Promise<{ code: number; interrupted: boolean }> {
  const child = startChild(command);
  let received = 0;
  let end: number | undefined;
  takeSignals((signal) => {
    received += 1;
    if (end === undefined) child.pass(signal);
    else if (received > 1) process.exit(end);
  });
  end = await child.ended.catch((error: unknown) => {
    end = OWN_FAILURE;
    throw error;
  });
  // The signal that ended it may have come to both of us, and to us a moment later.
  await setImmediate();
  return { code: end, interrupted: received > 0 };
}

async function removed(operations: Lives, { clone, say }: CommandRun, context: WorkContext): Promise<void> {
  try {
    await operations.delete(clone.clone_id, context);
  } catch (thrown) {
    const { code, message } = toWpcloneError(thrown);
    // The command may have done so itself.
    if (code !== 'NOT_FOUND') say(`${clone.clone_id} is not removed now but ends by itself: ${message}`);
  }
}

async function kept(operations: Lives, { clone, keepFailed, say }: CommandRun, context: WorkContext): Promise<void> {
  const id = clone.clone_id;
  try {
    const { expires_at: end } = await operations.extend(id, keepFailed, context);
    say(`${id} is kept and ends in ${remaining(Date.parse(end), context.now())}: wpclone open ${id}`);
  } catch (thrown) {
    say(`${id} could not be kept: ${toWpcloneError(thrown).message}`);
  }
}
