/**
 * Before code is replaced: whether the site's web server lets requests through while `.maintenance` is there, which is where visitors are
 * made to wait. One request holds that file there for a second at most, with the gate open; others ask meanwhile.
 */
import { WpcloneError, toWpcloneError } from '../../shared/errors.ts';
import type { GateAnswer } from './answers.ts';
import type { Visit } from './visit.ts';

export type GatePart = 'need' | 'hold' | 'wait' | 'look' | 'pass';

/** How a site is asked. */
export interface GatePort {
  readonly host: string;
  /** Whether there is anything to try. */
  need(signal: AbortSignal): Promise<GateAnswer>;
  /** Asks for a part of an attempt, once, over whatever way leads there. */
  ask(part: GatePart, trial: string, signal: AbortSignal): Promise<GateAnswer>;
  /** The request that holds the file there; made again after its answer was lost. */
  hold(trial: string, signal: AbortSignal): Promise<GateAnswer>;
  /** The front page as anybody gets it. */
  visit(signal: AbortSignal): Promise<Visit | undefined>;
  /** A name for an attempt. */
  name(): string;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** A server that is busy, or that limits requests, may look like one with such a rule once: not twice, and be as before in between. */
const ATTEMPTS = 2;
const BREAK = 2_000;

/** Attempts that say nothing, because something else kept requests away. */
const MOST_ATTEMPTS = 4;

/** Milliseconds after which a visitor's page is not waited for any more: its request has been let in by then, or not. */
const VISITOR = 500;

/** Milliseconds between questions where nobody has said that the file is there: PHP may have one process only, which holds it. */
const BLIND = 250;

/**
 * Tries it. What the request does that holds the file comes to its end in any case. Throws GATE_BARRED where the web server answers by
 * itself while the file is there, and what reaching a site throws.
 */
export async function tryGate(port: GatePort, signal: AbortSignal): Promise<void> {
  if ((await port.need(signal)).needed !== true) return;
  const before = await port.visit(signal);
  for (let [attempt, barred] = [1, 0]; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const found = await attemptOnce(port, before, signal);
    signal.throwIfAborted();
    if (found === undefined) return;
    // What limits requests does not stop at that very moment; a page that is this or that by chance may still be another one.
    const isAsBefore =
      (await kindOf(port.ask('look', port.name(), signal))) === 'ours' && isSame(before, await port.visit(signal));
    barred += isAsBefore ? 1 : 0;
    if (barred >= ATTEMPTS) throw refusal(port.host, found);
    await port.sleep(isAsBefore ? BREAK : BREAK * 2 ** attempt, signal);
  }
  throw new WpcloneError(
    'SOURCE_FAILED',
    `${port.host} answers too few requests to try out whether it can be written to.`,
  );
}

/** What answered instead of the site while the file was there, in words; undefined where nothing did. */
async function attemptOnce(
  port: GatePort,
  before: Visit | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const trial = port.name();
  const over = new AbortController();
  // Not to be cancelled: its answer says that the file is away again.
  const held = port.hold(trial, new AbortController().signal).finally(() => over.abort());
  const asked = askMeanwhile(port, trial, before, { over: over.signal, signal });
  const [holding, asking] = await Promise.allSettled([held, asked]);
  if (holding.status === 'rejected') throw holding.reason;
  if (!holding.value.needed) return undefined;
  if (asking.status === 'rejected') throw asking.reason;
  return asking.value;
}

interface Signals {
  /** Aborts when the file is away again. */
  readonly over: AbortSignal;
  readonly signal: AbortSignal;
}

async function askMeanwhile(
  port: GatePort,
  trial: string,
  before: Visit | undefined,
  { over, signal }: Signals,
): Promise<string | undefined> {
  const waiting = untilThere(port, trial, { over, signal });
  const known = new AbortController();
  waiting.then(
    (there) => there && known.abort(),
    () => known.abort(),
  );
  const blind: Promise<string>[] = [];
  const isOpen = (): boolean => !over.aborted && !known.signal.aborted && !signal.aborted;
  while (isOpen()) {
    await port.sleep(BLIND, AbortSignal.any([over, known.signal, signal])).catch(() => undefined);
    if (isOpen()) blind.push(kindOf(port.ask('look', trial, signal)));
  }
  if (await waiting) return whileThere(port, trial, before, signal);
  // None of those who were let in can tell. One that was not can.
  return (await Promise.all(blind)).find((kind) => kind !== 'ours' && kind !== 'none');
}

/** Asks until somebody says that the file is there, which they do only then; false once it is away again. */
async function untilThere(port: GatePort, trial: string, { over, signal }: Signals): Promise<boolean> {
  for (let attempt = 0; !over.aborted && attempt < 10; attempt += 1) {
    try {
      return (await port.ask('wait', trial, AbortSignal.any([over, signal]))).there === true;
    } catch {
      // Another of our requests may have overtaken it; each number is taken once.
      if (!over.aborted) await port.sleep(50, signal);
    }
  }
  return false;
}

/** Waits for something, so many milliseconds at most. */
async function atMost(
  port: GatePort,
  milliseconds: number,
  something: Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const pause = port.sleep(milliseconds, AbortSignal.any([signal, done.signal]));
  await Promise.race([something, pause]).finally(() => done.abort());
}

/** The file is there: whoever asks from now on meets the rule, if there is one. */
async function whileThere(
  port: GatePort,
  trial: string,
  before: Visit | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const visit = port.visit(signal);
  await atMost(port, VISITOR, visit, signal);
  const kind = await kindOf(port.ask('pass', trial, signal));
  if (kind !== 'ours' && kind !== 'none') return kind;
  const during = await visit;
  // A site that is broken already shows this or that.
  if (before === undefined || before.status >= 500) return undefined;
  if (during === undefined || isBusy(during.status) || isSame(before, during)) return undefined;
  return `HTTP ${during.status} to visitors`;
}

/** Whether a visitor gets what they got before, as far as that tells who answered. */
const isSame = (before: Visit | undefined, now: Visit | undefined): boolean =>
  before === undefined || (before.status === now?.status && (now.isWordPress || !before.isWordPress));

/** Of a proxy whose site does not answer. */
const isBusy = (status: number): boolean => status === 429 || status === 502 || status === 504;

/** Answers that lead away from the plugin, and have no status of their own. */
const ELSEWHERE = new Map([
  ['SOURCE_IN_MAINTENANCE', 'a page for maintenance'],
  ['REDIRECTED_ELSEWHERE', 'a redirect'],
]);

/** Who answered: the plugin, nobody, or something else, in words. */
async function kindOf(asked: Promise<GateAnswer>): Promise<string> {
  try {
    await asked;
    return 'ours';
  } catch (error) {
    const { code, details } = toWpcloneError(error);
    const { status } = details;
    if (code === 'SIGNATURE_REFUSED') return 'ours';
    if (typeof status !== 'number') return ELSEWHERE.get(code) ?? 'none';
    return isBusy(status) ? 'none' : `HTTP ${status}`;
  }
}

const refusal = (host: string, found: string): WpcloneError =>
  new WpcloneError(
    'GATE_BARRED',
    `The web server of ${host} has a rule of its own for WordPress's .maintenance: it answers by itself (${found}) while that file is there, which is where visitors wait while code is replaced.`,
    { details: { host } },
  );
