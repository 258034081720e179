import type { StepName, WorkEvent } from '../../shared/events.ts';
import { printable, seconds } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';
import { nextPace, NO_PACE, type Pace } from './pace.ts';
import { progressText } from './progress.ts';

type StepEvent = Exclude<WorkEvent, { type: 'warning' } | { type: 'undo' }>;

/** One line of the live view: a step, or the two short last ones side by side. */
export interface Row {
  readonly steps: readonly StepName[];
  /** Takes in what happened; says whether that ended the row, and how. */
  take(event: StepEvent): 'going' | 'done' | 'failed';
  title(): string;
}

/** What rows are drawn on. */
export interface Screen {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Characters in a line, as it is now. */
  readonly columns: () => number;
}

/** How wide a step's name is, and what listr2 puts before it. */
const NAME = 10;
const ICON = 2;

const isShort = (step: StepName): boolean => step === 'configure' || step === 'verify';

/** The rows of the live view for these steps, in their order. */
export function rowsOf(steps: readonly StepName[], colors: Colors, screen: Screen): Row[] {
  const long = steps.filter((step) => !isShort(step)).map((step) => row([step], colors, screen));
  const short = steps.filter(isShort);
  return short.length > 0 ? [...long, row(short, colors, screen)] : long;
}

function row(steps: readonly StepName[], colors: Colors, screen: Screen): Row {
  const finished = new Set<StepName>();
  const messages = new Map<StepName, string>();
  let pace: Pace = NO_PACE;
  let failed = false;
  return {
    steps,
    take(event) {
      pace = event.type === 'step-progress' ? nextPace(pace, event.counters ?? {}, screen.now()) : NO_PACE;
      const room = screen.columns() - ICON - NAME - 1;
      messages.set(event.step, messageOf(event, { roomy: steps.length === 1, room, pace }, colors));
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
        const name = steps.length === 1 ? step.padEnd(NAME) : step;
        return `${mark}${messages.has(step) ? name : colors.dim(name)}${message === '' ? '' : ` ${message}`}`;
      });
      return parts.join('  ');
    },
  };
}

interface Look {
  /** Whether the row is the step's alone. */
  readonly roomy: boolean;
  /** Characters. */
  readonly room: number;
  readonly pace: Pace;
}

function messageOf(event: StepEvent, { roomy, room, pace }: Look, colors: Colors): string {
  switch (event.type) {
    case 'step-started':
      return '';
    case 'step-progress':
      return colors.dim(
        [event.message, progressText(event.counters ?? {}, pace, room)].filter(Boolean).map(clean).join(', '),
      );
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
