import type { WorkEvent } from '../../shared/events.ts';
import { safeJson } from '../../shared/format.ts';
import type { View } from './view.ts';

/** `--events`: one JSON object per line. */
export function eventsView(stream: NodeJS.WritableStream, questions: NodeJS.WritableStream): View {
  return {
    emit: (event: WorkEvent) => {
      stream.write(`${safeJson(event)}\n`);
    },
    ask: (prompt) => prompt(questions),
    close: async () => {},
  };
}

/** `--quiet`. */
export function silentView(questions: NodeJS.WritableStream): View {
  return { emit: () => {}, ask: (prompt) => prompt(questions), close: async () => {} };
}
