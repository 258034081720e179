import type { StepName } from '../../shared/events.ts';
import type { Colors } from '../colors.ts';
import { eventsView, silentView } from './json.ts';
import { plainView } from './plain.ts';
import type { View } from './view.ts';

/** The live view where there is a terminal with a person at it, plain lines elsewhere, and nothing with --quiet. */
export async function chooseView(options: {
  readonly steps: readonly StepName[];
  readonly events: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Rules the live view out: the log would be written across it. */
  readonly debug: boolean;
  readonly colors: Colors;
}): Promise<View> {
  if (options.events) return eventsView(process.stdout, process.stderr);
  if (options.quiet) return silentView(process.stderr);
  // A terminal without a size cannot be drawn on.
  const drawable =
    process.stderr.isTTY && process.stderr.columns > 0 && !process.env['CI'] && process.env['TERM'] !== 'dumb';
  const live = drawable && !options.json && !options.debug && options.steps.length > 0;
  if (!live) return plainView(process.stderr, options.colors);
  const { liveView } = await import('./live.ts');
  return liveView(process.stderr, options.steps, options.colors, Date.now);
}
