import {
  type DefaultRenderer,
  Listr,
  ListrDefaultRendererLogLevels as Level,
  ListrLogger,
  ListrPromptAdapter,
  type ListrTaskWrapper,
  ListrTaskEventType,
  ListrTaskState,
  ProcessOutput,
  type SimpleRenderer,
} from 'listr2';
import type { StepName, WorkEvent } from '../../shared/events.ts';
import type { Colors } from '../colors.ts';
import { plainView } from './plain.ts';
import { rowsOf, type Row } from './rows.ts';
import type { View } from './view.ts';

type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

/** A row on the screen: how to end it, and listr2's task once that has begun. */
interface Drawn {
  readonly row: Row;
  readonly ended: PromiseWithResolvers<'done' | 'skipped'>;
  begun: boolean;
  over: boolean;
  task?: Task;
}

/** How many steps run at the same time: connect beside provision, database beside files. */
const SIDE_BY_SIDE = 2;

/**
 * The steps as a list that is redrawn in place. Only a view: it follows the events, decides nothing, and leaves signals to
 * the command. After a failed step it stops, and what follows (undoing) is printed as lines.
 */
export function liveView(
  stream: NodeJS.WriteStream,
  steps: readonly StepName[],
  colors: Colors,
  now: () => number,
): View {
  const screen = { now, columns: () => stream.columns };
  const drawn: Drawn[] = rowsOf(steps, colors, screen).map((row) => ({
    row,
    ended: Promise.withResolvers(),
    begun: false,
    over: false,
  }));
  const lines = plainView(stream, colors);
  const later: WorkEvent[] = [];
  let drawing: Promise<void> | undefined;
  let state: 'open' | 'closing' | 'closed' = 'open';

  const close = async (): Promise<void> => {
    if (state === 'open') state = 'closing';
    for (const { ended } of drawn) ended.resolve('skipped');
    await drawing;
    state = 'closed';
    for (const event of later.splice(0)) lines.emit(event);
  };

  return {
    emit: (event) => {
      if (state === 'closed') {
        lines.emit(event);
        return;
      }
      if (event.type === 'warning' || event.type === 'undo' || state === 'closing') {
        later.push(event);
        return;
      }
      const target = drawn.find(({ row }) => row.steps.includes(event.step));
      if (target === undefined) return;
      drawing ??= draw(stream, drawn, colors);
      const outcome = target.row.take(event);
      if (!target.begun) {
        target.begun = true;
        if (target.task !== undefined) target.task.task.state$ = ListrTaskState.STARTED;
      }
      if (target.task !== undefined) target.task.title = target.row.title();
      target.over = outcome !== 'going';
      if (outcome === 'done') target.ended.resolve('done');
      if (outcome === 'failed') {
        target.ended.reject(new Error(target.row.title()));
        void close();
      }
    },
    ask: async (prompt) => {
      // Not one that has ended: it would be drawn as if it ran once more.
      const task = drawn.find((one) => one.begun && !one.over)?.task;
      if (state !== 'open' || task === undefined) return prompt(stream);
      return task.prompt(PromptInView).run(prompt);
    },
    close,
  };
}

/** Lets the renderer show what a prompt writes below the list, instead of both writing over each other. */
class PromptInView extends ListrPromptAdapter {
  async run<T>(prompt: (output: NodeJS.WritableStream) => Promise<T>): Promise<T> {
    this.reportStarted();
    try {
      const answer = await prompt(this.wrapper.stdout(ListrTaskEventType.PROMPT));
      this.reportCompleted();
      return answer;
    } catch (error) {
      this.reportFailed();
      throw error;
    }
  }
}

async function draw(stream: NodeJS.WriteStream, drawn: readonly Drawn[], colors: Colors): Promise<void> {
  const tasks = drawn.map((one) => ({
    title: one.row.title(),
    task: async (_: unknown, task: Task): Promise<void> => {
      one.task = task;
      // listr2 begins a row as soon as another has ended: that is not yet the step's beginning.
      if (!one.begun) task.task.state$ = ListrTaskState.WAITING;
      task.title = one.row.title();
      if ((await one.ended.promise) === 'skipped') task.skip();
    },
  }));
  const list = new Listr(tasks, {
    concurrent: SIDE_BY_SIDE,
    renderer: 'default',
    fallbackRendererCondition: false,
    registerSignalListeners: false,
    rendererOptions: { formatOutput: 'truncate', logger: logger(stream), ...style(colors) },
  });
  // A failed step is the command's to report.
  await list.run().catch(() => undefined);
}

function logger(stream: NodeJS.WriteStream): ListrLogger<Level> {
  return new ListrLogger<Level>({
    useIcons: true,
    processOutput: new ProcessOutput(stream, stream, { leaveEmptyLine: false }),
  });
}

const unpainted = (text?: string): string => text ?? '';

function style(colors: Colors) {
  return {
    icon: {
      [Level.COMPLETED]: '✔',
      [Level.FAILED]: '✖',
      [Level.WAITING]: '·',
      // Of a row that was not begun when another failed.
      [Level.COMPLETED_WITH_FAILED_SISTER_TASKS]: '·',
      [Level.SKIPPED_WITH_COLLAPSE]: '·',
    },
    color: colors.enabled
      ? { [Level.PENDING]: (text?: string) => colors.cyan(text ?? '') }
      : Object.fromEntries(Object.values(Level).map((level) => [level, unpainted])),
  };
}
