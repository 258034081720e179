import { printable } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';
import { eventLines, poolSummary, unitTable } from '../presenters/pool.ts';
import type { WatchState } from './state.ts';

/** How large the terminal is, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const KEYS = '↑↓ choose   l logs   p pause   r resume   x reset   d drain   q quit';
const LOG_KEYS = 'Esc back';
/** They fit in 80 columns. */
const QUESTIONS = {
  drain: 'Remove units without a clone, and make no more?   y yes   any other key: no',
  reset: 'Replace units without a clone that nobody works on?   y yes   any other key: no',
  pause: '',
  resume: '',
} as const;

/** The whole screen, a line each: never more than it has rows. Lines may be longer than it is wide; who draws them cuts them. */
export function screenLines(state: WatchState, { rows }: Size, colors: Colors, now: number): readonly string[] {
  const below = [...saidLines(state, rows, colors), footerOf(state, colors)];
  const room = Math.max(0, rows - 1 - below.length);
  const body = state.logs === undefined ? poolLines(state, room, colors, now) : logLines(state.logs, room, colors);
  const blank = Array.from({ length: Math.max(0, room - body.length) }, () => '');
  return [...body.slice(0, room), ...blank, ...below];
}

/** What came of the last key has a line of its own, where there is one: beside the keys it would not fit in 80 columns. */
const saidLines = ({ said }: WatchState, rows: number, colors: Colors): readonly string[] =>
  said === undefined || rows < 3 ? [] : [colors.cyan(printable(said))];

function footerOf({ asking, logs, problem }: WatchState, colors: Colors): string {
  if (asking !== undefined) return colors.yellow(QUESTIONS[asking]);
  if (problem !== undefined) return colors.red(printable(problem));
  return colors.dim(logs === undefined ? KEYS : LOG_KEYS);
}

/** What is there of them comes last; what does not fit is left out at the beginning. */
function logLines({ unit, lines }: NonNullable<WatchState['logs']>, room: number, colors: Colors): readonly string[] {
  const shown = lines.slice(-Math.max(1, room - 2)).map((line) => printable(line));
  return [`${colors.dim('Logs of')} ${colors.bold(unit)}`, '', ...(shown.length === 0 ? ['Nothing yet.'] : shown)];
}

/** The summary always, of the units those around the chosen one, of what happened what still fits. */
function poolLines({ pool, chosen }: WatchState, room: number, colors: Colors, now: number): readonly string[] {
  if (pool === undefined) return ['Asking …'];
  const summary = poolSummary(pool, colors).split('\n');
  const [head = '', ...units] = unitTable(pool.units, colors, now).split('\n');
  const at = Math.min(chosen, Math.max(0, units.length - 1));
  const fit = Math.max(1, room - summary.length - 2);
  const first = Math.min(Math.max(0, at - fit + 1), Math.max(0, units.length - fit));
  const shown = units.slice(first, first + fit).map((line, index) => `${first + index === at ? '▸' : ' '} ${line}`);
  const above = [...summary, '', `  ${head}`, ...shown];
  const events = eventLines(pool, colors, now, Math.max(0, room - above.length - 1)).split('\n');
  return room - above.length > 1 ? [...above, '', ...events] : above;
}
