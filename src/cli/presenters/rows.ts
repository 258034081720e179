import type { StepCounters, StepName, WorkEvent } from '../../shared/events.ts';
import type { Colors } from '../colors.ts';
import { bytes, count, printable, seconds } from '../../shared/format.ts';

type StepEvent = Exclude<WorkEvent, { type: 'warning' } | { type: 'undo' }>;

/** One line of the live view: a step, or the two short last ones side by side. */
export interface Row {
  readonly steps: readonly StepName[];
  /** Takes in what happened; says whether that ended the row, and how. */
  take(event: StepEvent): 'going' | 'done' | 'failed';
  title(): string;
}

const isShort = (step: StepName): boolean => step === 'configure' || step === 'verify';

/** The rows of the live view for these steps, in their order. */
export function rowsOf(steps: readonly StepName[], colors: Colors): Row[] {
  const long = steps.filter((step) => !isShort(step)).map((step) => row([step], colors));
  const short = steps.filter(isShort);
  return short.length > 0 ? [...long, row(short, colors)] : long;
}

function row(steps: readonly StepName[], colors: Colors): Row {
  const finished = new Set<StepName>();
  const messages = new Map<StepName, string>();
  let failed = false;
  return {
    steps,
    take(event) {
      messages.set(event.step, messageOf(event, steps.length === 1, colors));
      if (event.type === 'step-finished') finished.add(event.step);
      if (event.type === 'step-failed') failed = true;
      if (failed) return 'failed';
      return finished.size === steps.length ? 'done' : 'going';
    },
    title() {
      const shown = steps.filter((step, index) => index === 0 || messages.has(step));
      const parts = shown.map((step, index) => {
        const mark = index > 0 && finished.has(step) ? `${colors.green('✔')} ` : '';
        const message = messages.get(step) ?? '';
        const name = steps.length === 1 ? step.padEnd(10) : step;
        return `${mark}${messages.has(step) ? name : colors.dim(name)}${message === '' ? '' : ` ${message}`}`;
      });
      return parts.join('  ');
    },
  };
}

function messageOf(event: StepEvent, roomy: boolean, colors: Colors): string {
  switch (event.type) {
    case 'step-started':
      return '';
    case 'step-progress':
      return colors.dim([event.message, progress(event.counters ?? {})].filter(Boolean).map(clean).join(', '));
    case 'step-finished':
      // Beside another step there is only room for what is out of the ordinary, and the checks that passed are not.
      return roomy || event.step === 'configure' ? clean(event.message) : '';
    case 'step-failed':
      return clean(event.message);
    case 'retry':
      return colors.yellow(`${clean(event.message)}; again in ${seconds(event.waitSeconds)}`);
    default:
      return event satisfies never;
  }
}

const clean = (text: string | undefined): string => printable(text ?? '');

function progress(counters: StepCounters): string {
  const { tables, rows, files, totalFiles, totalBytes } = counters;
  const parts: string[] = [];
  if (counters.bytes !== undefined) parts.push(bytes(counters.bytes) + (totalBytes ? ` of ${bytes(totalBytes)}` : ''));
  if (tables !== undefined) parts.push(`${count(tables)} tables`);
  if (rows !== undefined) parts.push(`${count(rows)} rows`);
  if (files !== undefined) parts.push(`${count(files)}${totalFiles ? ` of ${count(totalFiles)}` : ''} files`);
  return parts.join(', ');
}
