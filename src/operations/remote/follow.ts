import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { withTimeout } from '../../shared/abortable.ts';
import type { AgentClient, Answer } from './http.ts';
import { serverSentEvents } from './sse.ts';

/** An event of a job's log, as the agent tells it. */
export interface JobLogEvent {
  readonly sequence: number;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Seconds of silence after which a stream is taken for cut: three of the agent's comments. */
const SILENCE = 45;
/** Milliseconds in which something must come: a stream begins with a comment, unless something on the way holds it back. */
const FIRST_WORD = 5_000;
/** Milliseconds without a word of the agent after which following it is given up. */
const PATIENCE = 120_000;
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 4_000;
/** Tries without an answer after which the person is told: about a second. */
const TELL_AFTER = 3;
/** Seconds of one long poll; what is on the way cuts a silent answer after a minute. */
const POLL = 25;

const logPart = z.object({
  events: z.array(z.object({ sequence: z.number(), event: z.record(z.string(), z.unknown()) })),
  ended: z.boolean(),
});

type FollowContext = Pick<WorkContext, 'signal' | 'now' | 'sleep' | 'log'>;

/**
 * Tells every event of a job once and in order, from the one after `after` to its end, over however many connections that takes; by
 * long polling where streams do not get through. `interrupted` hears once of each time that the agent goes silent. Throws
 * AGENT_UNREACHABLE after two minutes without an answer.
 */
export async function followJob(
  client: AgentClient,
  job: string,
  tell: (event: JobLogEvent) => void,
  context: FollowContext,
  interrupted: () => void,
): Promise<void> {
  const reader = createReader(client, job, tell, context);
  for (let silent = 0; ; silent += 1) {
    const before = reader.heard();
    try {
      if (await reader.read()) return;
    } catch (thrown) {
      context.signal.throwIfAborted();
      const error = toWpcloneError(thrown);
      if (!mayPass(error) || context.now() - reader.heard().at > PATIENCE) throw error;
      context.log.debug('following a job was interrupted', { job, error: error.message });
    }
    if (reader.heard() !== before) silent = 0;
    if (silent === TELL_AFTER) interrupted();
    const pause = Math.min(SHORTEST_PAUSE * 2 ** silent, LONGEST_PAUSE);
    await context.sleep(pause, context.signal);
  }
}

const mayPass = ({ code }: WpcloneError): boolean =>
  code === 'AGENT_UNREACHABLE' || code === 'AGENT_STOPPING' || code === 'TOO_MANY_REQUESTS';

/** Reads on from the last event that was told; `read` resolves to true at the end of the log. */
function createReader(
  client: AgentClient,
  job: string,
  tell: (event: JobLogEvent) => void,
  context: FollowContext,
): { read(): Promise<boolean>; heard(): { readonly at: number } } {
  const path = `/api/v2/jobs/${encodeURIComponent(job)}`;
  let after = 0;
  let streams = true;
  let last = { at: context.now() };
  const heard = (): void => void (last = { at: context.now() });
  const once = (event: JobLogEvent): void => {
    if (event.sequence <= after) return;
    after = event.sequence;
    tell(event);
  };

  const poll = async (): Promise<boolean> => {
    const call = { method: 'GET' as const, path: `${path}/log`, query: { after, wait: POLL } };
    const { events, ended } = await client.call(call, logPart, context.signal);
    heard();
    for (const event of events) once(event);
    return ended;
  };
  const stream = async (): Promise<boolean> => {
    const headers = { accept: 'text/event-stream', 'last-event-id': String(after) };
    const answer = await client.open(
      { method: 'GET', path: `${path}/events`, headers, seconds: SILENCE },
      context.signal,
    );
    heard();
    if (answer.status === 204) return true;
    if (!answer.type.startsWith('text/event-stream')) return giveUpStreams(answer);
    try {
      const chunks = answer.chunks[Symbol.asyncIterator]();
      const first = await firstWord(chunks, context);
      if (first === undefined) return giveUpStreams(answer);
      for await (const { id, data } of serverSentEvents(together(first, chunks), heard)) {
        if (id !== '') once({ sequence: Number(id), event: eventOf(data) });
      }
      return false;
    } finally {
      answer.drop();
    }
  };
  const giveUpStreams = (answer: Answer): false => {
    answer.drop();
    streams = false;
    return false;
  };
  return { read: () => (streams ? stream() : poll()), heard: () => last };
}

/** Undefined when nothing comes: something on the way keeps what it gets until it has all of it. */
async function firstWord(
  chunks: AsyncIterator<Uint8Array>,
  context: FollowContext,
): Promise<IteratorResult<Uint8Array> | undefined> {
  const late = new WpcloneError('AGENT_UNREACHABLE', 'The stream says nothing.');
  const next = chunks.next();
  // Unheard when it is late.
  next.catch(() => undefined);
  try {
    return await withTimeout(FIRST_WORD, context, late, () => next);
  } catch (error) {
    if (error === late) return undefined;
    throw error;
  }
}

async function* together(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
}

const recordSchema = z.record(z.string(), z.unknown());

function eventOf(data: string): Readonly<Record<string, unknown>> {
  const parsed = recordSchema.safeParse(JSON.parse(data));
  return parsed.success ? parsed.data : {};
}
