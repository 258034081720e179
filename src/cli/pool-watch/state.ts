import type { PoolAction, PoolReport } from '../../operations/pool.ts';

/** What the full-screen view of a pool shows. */
export interface WatchState {
  /** Undefined before the first answer. */
  readonly pool?: PoolReport | undefined;
  /** Why there is no newer answer. */
  readonly problem?: string | undefined;
  /** What came of the last key. */
  readonly said?: string | undefined;
  /** The unit that is chosen, by its place in the list. */
  readonly chosen: number;
  /** What is about to be done, once more asked for. */
  readonly asking?: PoolAction | undefined;
  /** The unit whose logs are shown instead of all else, and their last lines. */
  readonly logs?: { readonly unit: string; readonly lines: readonly string[] } | undefined;
}

export const START: WatchState = { chosen: 0 };

/** What a key makes whoever watches do. */
export type Effect =
  | { readonly do: 'act'; readonly action: PoolAction }
  | { readonly do: 'logs'; readonly unit: string }
  | { readonly do: 'no-logs' }
  | { readonly do: 'leave' };

/** A key as it is pressed: a letter, or the name of another one. */
export type Key = 'up' | 'down' | 'escape' | 'ctrl-c' | (string & {});

const ACTIONS: Readonly<Record<string, PoolAction>> = { p: 'pause', r: 'resume', d: 'drain', x: 'reset' };
/** What takes units away is asked for twice. */
const ASKED: readonly PoolAction[] = ['drain', 'reset'];

/** What a key leads to. */
export function press(state: WatchState, key: Key): readonly [WatchState, Effect?] {
  if (key === 'ctrl-c') return [state, { do: 'leave' }];
  if (state.logs !== undefined) return pressInLogs(state, key);
  if (state.asking !== undefined) {
    const { asking, ...rest } = state;
    return key === 'y' ? [rest, { do: 'act', action: asking }] : [rest];
  }
  const units = state.pool?.units ?? [];
  const chosen = Math.min(state.chosen, Math.max(0, units.length - 1));
  if (key === 'up') return [{ ...state, chosen: Math.max(0, chosen - 1) }];
  if (key === 'down') return [{ ...state, chosen: Math.min(units.length - 1, chosen + 1) }];
  const unit = units[chosen];
  if (key === 'l' && unit !== undefined)
    return [
      { ...state, logs: { unit: unit.name, lines: [] } },
      { do: 'logs', unit: unit.name },
    ];
  if (key === 'q') return [state, { do: 'leave' }];
  const action = ACTIONS[key];
  if (action === undefined) return [state];
  return ASKED.includes(action) ? [{ ...state, asking: action }] : [state, { do: 'act', action }];
}

function pressInLogs(state: WatchState, key: Key): readonly [WatchState, Effect?] {
  if (key !== 'escape' && key !== 'l' && key !== 'q') return [state];
  const { logs: _closed, ...rest } = state;
  return [rest, { do: 'no-logs' }];
}

/** Lines of logs that are kept: more than a screen has. */
const KEPT = 500;

/** A further line of the logs that are shown. */
export const logged = (state: WatchState, unit: string, line: string): WatchState =>
  state.logs?.unit === unit ? { ...state, logs: { unit, lines: [...state.logs.lines, line].slice(-KEPT) } } : state;
