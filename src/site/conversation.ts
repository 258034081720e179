import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { classifyRefusal } from './answers.ts';
import type { Frame } from './frames.ts';
import type { Pace } from './pace.ts';
import { createBackoff, type Backoff } from './backoff.ts';
import { endHeadSchema, refusalSchema } from './protocol.ts';
import type { Transport } from './transport.ts';
import { understood } from './understood.ts';

/** What all requests of one client share. */
export interface Session extends Pick<WorkContext, 'now' | 'sleep'> {
  readonly transport: Transport;
  readonly pace: Pace;
  readonly random: () => number;
  readonly retry: (message: string, waitSeconds: number) => void;
  /** See createBackoff. */
  readonly hasty: boolean;
  answered: boolean;
}

/** What is asked, over as many requests as it takes. */
export interface Question {
  /** The next request, from wherever the frames so far have brought us; null when nothing is left to ask for. */
  readonly request: () => object | null;
  /** Called when the site says that this is all; without it, what came says so. */
  readonly finished?: () => void;
  /** The table that a refusal is about, by its number in the last request. */
  readonly tableOf?: (number: number) => string | undefined;
  /** Called before waiting to try again; may throw what cannot be continued. */
  readonly interrupted?: (error: WpcloneError) => void;
}

/** The answer, as one stream of frames whatever happened in between. */
export interface Conversation {
  readonly frames: AsyncGenerator<Frame>;
  /** To be called when a frame brought something new: only that counts as progress. */
  readonly progress: () => void;
}

/** Asks until nothing is left to ask for, through cut answers, failing hosts and rate limits. */
export function converse(session: Session, question: Question, signal: AbortSignal): Conversation {
  const backoff = createBackoff(() => session.answered, session.random, session.hasty);
  return { frames: ask(session, question, backoff, signal), progress: () => backoff.progress() };
}

async function* ask(
  session: Session,
  question: Question,
  backoff: Backoff,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  for (;;) {
    signal.throwIfAborted();
    const request = question.request();
    if (request === null) return;
    const started = session.now();
    const seconds = (): number => (session.now() - started) / 1000;
    const wire = { received: () => 0 };
    try {
      yield* answer(session, question, request, { seconds, wire }, signal);
    } catch (error) {
      signal.throwIfAborted();
      const spent = { seconds: seconds(), bytes: wire.received() };
      await recover(session, question, backoff, toWpcloneError(error), spent, signal);
    }
  }
}

async function* answer(
  session: Session,
  question: Question,
  request: object,
  { seconds, wire }: { readonly seconds: () => number; readonly wire: { received: () => number } },
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  const { seconds: budget, gzip, bytes } = session.pace;
  const size = bytes === undefined ? {} : { bytes };
  const { frames, received } = await session.transport.send({ ...request, seconds: budget, gzip, ...size }, signal);
  wire.received = received;
  let content = 0;
  let any = false;
  for await (const frame of frames) {
    session.answered = true;
    if (frame.type === 'X') throw refusalOfFrame(frame, session, question);
    if (frame.type === 'Z') {
      session.pace.succeeded(received(), content, seconds());
      if (understood(endHeadSchema, frame.head).done && question.finished) question.finished();
      else if (!any)
        throw new WpcloneError('SOURCE_FAILED', 'The site sends nothing in the time it has.', { retryable: true });
      return;
    }
    any = true;
    content += frame.body.length;
    yield frame;
  }
}

async function recover(
  session: Session,
  question: Question,
  backoff: Backoff,
  error: WpcloneError,
  spent: { readonly seconds: number; readonly bytes: number },
  signal: AbortSignal,
): Promise<void> {
  if (error.code === 'SOURCE_FAILED' || error.code === 'UNREACHABLE') session.pace.cut(spent.seconds, spent.bytes);
  const wait = backoff.next(error);
  session.retry(error.message, wait / 1000);
  await session.sleep(wait, signal);
  question.interrupted?.(error);
}

function refusalOfFrame(frame: Frame, session: Session, question: Question): WpcloneError {
  const refusal = understood(refusalSchema, frame.head);
  const table = refusal.t === undefined ? undefined : question.tableOf?.(refusal.t);
  return classifyRefusal(refusal, session.transport.host, table);
}
