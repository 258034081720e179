import type { WorkEvent } from '../../shared/events.ts';
import type { Colors } from '../colors.ts';
import { printable, seconds } from '../../shared/format.ts';
import type { View } from './view.ts';

/** One line per change of state, for logs and for terminals that cannot be drawn on. */
export function plainView(stream: NodeJS.WritableStream, colors: Colors): View {
  return {
    emit: (event) => {
      const line = eventLine(event, colors);
      if (line !== undefined) stream.write(`${line}\n`);
    },
    ask: (prompt) => prompt(stream),
    close: async () => {},
  };
}

/** The event as a line; undefined for progress in numbers, which is no change of state. */
export function eventLine(event: WorkEvent, colors: Colors): string | undefined {
  switch (event.type) {
    case 'step-progress':
      if (event.message === undefined || event.counters !== undefined) return undefined;
      return colors.dim(`… ${event.step.padEnd(10)} ${printable(event.message)}`);
    case 'step-started':
      return colors.dim(`… ${event.step}`);
    case 'step-finished':
      return `${colors.green('✔')} ${event.step.padEnd(10)} ${printable(event.message)} ${colors.dim(`(${seconds(event.seconds)})`)}`;
    case 'step-failed':
      return `${colors.red('✖')} ${event.step.padEnd(10)} ${printable(event.message)}`;
    case 'retry':
      return `${colors.yellow('↻')} ${event.step.padEnd(10)} ${printable(event.message)} ${colors.dim(`(again in ${seconds(event.waitSeconds)})`)}`;
    case 'warning':
      return `${colors.yellow('!')} ${printable(event.message)} ${colors.dim(`(${event.code})`)}`;
    case 'undo':
      return `${colors.yellow('↶')} ${event.step.padEnd(10)} ${printable(event.message)}`;
    default:
      return event satisfies never;
  }
}
