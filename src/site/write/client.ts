import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { SourceAccess } from '../access.ts';
import { openAgent } from '../http.ts';
import { createBackoff, type Backoff } from '../backoff.ts';
import { createTransport, type Transport } from '../transport.ts';
import { understoodJson } from '../understood.ts';
import {
  classifyWriteRefusal,
  errorsSchema,
  gateSchema,
  hostSchema,
  receiptSchema,
  statusSchema,
  undoneSchema,
  type GateAnswer,
  type HostFacts,
  type LoggedErrors,
  type Receipt,
  type RestoreStatus,
  type Undone,
} from './answers.ts';
import { writtenBody, type WriteKey } from './signing.ts';
import { tryGate } from './try-gate.ts';
import { visitFront } from './visit.ts';

/** Rows that are written by the same statement; its number is its place in the whole shape. */
export interface BatchShape {
  readonly what: 'update' | 'create' | 'destroy' | 'expect' | 'owned' | 'add' | 'remove' | 'count';
  readonly columns: readonly string[];
}

export interface TableShape {
  readonly name: string;
  readonly kind: 'keyed' | 'meta' | 'relations' | 'counted';
  readonly key: readonly string[];
  /** Of meta data: the columns of owner and name. */
  readonly owner?: readonly string[];
  readonly batches: readonly BatchShape[];
}

/** A table that is made, or what one gets, before any row is written; docs/PROTOCOL.md has its fields. */
export interface AdditionShape {
  readonly item: number;
  readonly table: string;
  readonly kind: 'make' | 'extend';
  readonly columns: readonly object[];
  readonly keys: readonly object[];
  readonly wider?: readonly object[];
  readonly collated?: string | null;
  readonly settings?: readonly object[];
  readonly engine?: string;
  readonly collation?: string | null;
}

/** What is to be written, without any row. */
export interface RestoreShape {
  readonly schema?: readonly AdditionShape[];
  readonly tables: readonly TableShape[];
  /** How many files, and their bytes. */
  readonly files: { readonly count: number; readonly bytes: number };
  /** Plugins that are switched on or off, each with its item. */
  readonly plugins?: readonly { readonly item: number; readonly file: string; readonly active: boolean }[];
  readonly recounts: {
    readonly terms: readonly number[];
    readonly comments: readonly number[];
    readonly statuses?: readonly number[];
    readonly rendered?: readonly number[];
    readonly rewriteRules: boolean;
  };
}

/** A part of the rows, as the site takes it apart: JSON. */
export interface StagePart {
  /** From 1 on. */
  readonly part: number;
  /** Of `content`, hex. */
  readonly sha256: string;
  readonly content: string;
}

/** Of a file, by its number: where the piece begins, and its bytes. One that shall go, or stay, has one empty piece. */
export type FilePiece = readonly [file: number, offset: number, base64: string];

/** What `seal` compares: rows and digest of each batch by its number, and the digest of the list of files. */
export interface Seals {
  readonly counts: readonly number[];
  readonly digests: readonly string[];
  readonly files: string;
}

/**
 * The write half of the migrator, for one restore. Every call may be made again after its answer was lost. All throw what reaching a
 * site throws, SIGNATURE_REFUSED when the key is no longer good, and what is named; then nothing was written.
 */
export interface WriteClient {
  /**
   * Makes the restore's own tables. Where the same shape was begun before, what is staged stays and is told of, unless it is to be begun
   * `anew`. Throws RESTORE_IMPOSSIBLE, PROTECTED, SOURCE_CHANGED.
   */
  begin(shape: RestoreShape, signal: AbortSignal, anew?: boolean): Promise<HostFacts>;
  /** Throws DOES_NOT_FIT. */
  stage(part: StagePart, signal: AbortSignal): Promise<void>;
  /** Brings pieces of files that a stage has listed. Throws DRIFT, FILES_STAY, RESTORE_IMPOSSIBLE. */
  files(pieces: readonly FilePiece[], signal: AbortSignal): Promise<void>;
  /**
   * Tries out whether the web server would let anybody through while code is replaced, of these items only where some are to be undone. Throws
   * GATE_BARRED, FILES_STAY.
   */
  tryGate(only: readonly string[] | undefined, signal: AbortSignal): Promise<void>;
  /** Throws PROTECTED, DRIFT. */
  seal(seals: Seals, signal: AbortSignal): Promise<void>;
  /** Throws DRIFT. */
  apply(signal: AbortSignal): Promise<Receipt>;
  status(items: boolean, signal: AbortSignal): Promise<RestoreStatus>;
  /** What PHP has logged since it was applied; none where nobody can read its log. */
  errors(signal: AbortSignal): Promise<LoggedErrors>;
  /** Counts anew what WordPress counts, and empties its caches. */
  settle(signal: AbortSignal): Promise<void>;
  /** `only`: ids of items; what was changed since is kept, and told of. */
  undo(only: readonly string[] | undefined, signal: AbortSignal): Promise<Undone>;
  /** There is no way back from then on. */
  accept(signal: AbortSignal): Promise<void>;
  /** Takes all that is left of a restore away which wrote nothing, was undone or accepted. */
  finish(signal: AbortSignal): Promise<void>;
  /** Gives the key up; what it takes to undo stays. */
  leave(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface WriteClientDeps extends Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'> {
  /** Told before each wait. */
  readonly retry: (message: string, waitSeconds: number) => void;
  /** Connections to use instead of own ones. */
  readonly dispatcher?: Dispatcher;
  /**
   * Milliseconds by which the numbers of its requests are ahead of the clock: for whoever comes after a client on another machine, whose
   * clock may be ahead. That one's requests are refused as soon as one of ours was heard. At most a year: a number has 15 digits.
   */
  readonly ahead?: number;
}

/** How often one request may be overtaken by others. */
const OVERTAKEN_MOST = 5;

const anything = z.unknown();
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** Items that are asked for; undefined: all. */
const onlyOf = (only: readonly string[] | undefined): { readonly only?: readonly string[] } =>
  only === undefined ? {} : { only: only.map(base64) };

/** Talks to the write half of a site's migrator. `access` says where it is; its own key is of no use there. */
export function createWriteClient(access: SourceAccess, key: WriteKey, deps: WriteClientDeps): WriteClient {
  const dispatcher = deps.dispatcher ?? openAgent(access.insecureTls, access.reach);
  const now = (): number => deps.now() + key.clockOffset * 1000;
  let number = 0;
  const sign = (request: Parameters<typeof writtenBody>[0]): string => {
    // Greater than that of any request of an earlier client with this key.
    number = Math.max(number + 1, Math.floor(deps.now()) + (deps.ahead ?? 0));
    return writtenBody(request, key, number);
  };
  const open = (): Transport => createTransport(access, { ...deps, now, dispatcher }, sign);
  const transport = open();
  const ask = <T>(schema: z.ZodType<T>, question: object, signal: AbortSignal): Promise<T> =>
    askWithRetry(transport, deps, schema, question, signal);
  const name = (): string => deps.randomBytes(16).toString('hex');
  const done = async (question: object, signal: AbortSignal): Promise<void> => {
    await ask(anything, question, signal);
  };
  return {
    begin: (shape, signal, anew = false) =>
      ask(hostSchema, { op: 'begin', ...shape, ...(anew ? { anew } : {}) }, signal),
    stage: (part, signal) => done({ op: 'stage', ...part }, signal),
    files: (pieces, signal) => done({ op: 'files', pieces }, signal),
    tryGate: (only, signal) =>
      tryGate(
        {
          host: transport.host,
          // By a way of its own: where something else answers, it may lead elsewhere from then on.
          ask: (part, trial, heard) => askGate(open(), { op: 'gate', part, trial }, heard),
          need: (heard) => ask(gateSchema, { op: 'gate', part: 'need', trial: name(), ...onlyOf(only) }, heard),
          hold: (trial, heard) =>
            holdGate(() => ask(gateSchema, { op: 'gate', part: 'hold', trial, ...onlyOf(only) }, heard)),
          visit: (heard) => visitFront(access, dispatcher, name(), { signal: heard, sleep: deps.sleep }),
          name,
          sleep: deps.sleep,
        },
        signal,
      ),
    seal: (seals, signal) => done({ op: 'seal', ...seals }, signal),
    apply: (signal) => ask(receiptSchema, { op: 'apply' }, signal),
    status: (items, signal) => ask(statusSchema, { op: 'status', items }, signal),
    errors: (signal) => ask(errorsSchema, { op: 'errors' }, signal),
    settle: (signal) => done({ op: 'settle' }, signal),
    undo: (only, signal) => ask(undoneSchema, { op: 'undo', ...onlyOf(only) }, signal),
    accept: (signal) => done({ op: 'accept' }, signal),
    finish: async (signal) => {
      await askWithRetry(transport, deps, anything, { op: 'finish' }, signal, true);
    },
    leave: (signal) => done({ op: 'leave' }, signal),
    close: async () => {
      if (!deps.dispatcher) await dispatcher.destroy();
    },
  };
}

async function askGate(transport: Transport, question: object, signal: AbortSignal): Promise<GateAnswer> {
  return understoodJson(gateSchema, await askOnce(transport, question, signal, () => undefined));
}

/** Numbers of requests are taken in order: one of those that ask meanwhile may have come first. */
async function holdGate(hold: () => Promise<GateAnswer>): Promise<GateAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await hold();
    } catch (error) {
      if (attempt >= OVERTAKEN_MOST || toWpcloneError(error).code !== 'SIGNATURE_REFUSED') throw error;
    }
  }
}

/** `endsTheKey`: where the first answer got lost, a key that is refused afterwards says that it was done. */
async function askWithRetry<T>(
  transport: Transport,
  deps: WriteClientDeps,
  schema: z.ZodType<T>,
  question: object,
  signal: AbortSignal,
  endsTheKey = false,
): Promise<T> {
  let answered = false;
  let lost = false;
  const random = (): number => deps.randomBytes(4).readUInt32BE() / 2 ** 32;
  const backoff: Backoff = createBackoff(() => answered, random);
  for (;;) {
    signal.throwIfAborted();
    try {
      const body = await askOnce(transport, question, signal, () => (answered = true));
      return understoodJson(schema, body);
    } catch (error) {
      signal.throwIfAborted();
      const known = toWpcloneError(error);
      // The first answer did not get here, but what was asked for was done.
      if (endsTheKey && lost && known.code === 'SIGNATURE_REFUSED') return schema.parse({});
      lost = true;
      const wait = backoff.next(known);
      deps.retry(known.message, wait / 1000);
      await deps.sleep(wait, signal);
    }
  }
}

async function askOnce(
  transport: Transport,
  question: object,
  signal: AbortSignal,
  answered: () => void,
): Promise<Buffer> {
  const { frames } = await transport.send(question, signal);
  let body: Buffer | undefined;
  for await (const frame of frames) {
    answered();
    if (frame.type === 'X') throw classifyWriteRefusal(frame.head, transport.host);
    if (frame.type === 'I') body = Buffer.from(frame.body);
  }
  if (body === undefined)
    throw new WpcloneError('SOURCE_FAILED', 'An answer of the site was cut off.', { retryable: true });
  return body;
}
