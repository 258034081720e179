import { render } from 'ink';
import { createElement } from 'react';
import type { PoolOperations } from '../../operations/pool.ts';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import type { Colors } from '../colors.ts';
import { type Effect, logged, press, START, type WatchState } from './state.ts';
import { WatchView } from './view.ts';

/** Milliseconds between two questions. */
const EVERY = 1_000;

/** Shows the pool on the whole terminal until somebody leaves or the context's signal aborts; then the terminal is as it was. */
export async function watchPool(pool: PoolOperations, colors: Colors, context: WorkContext): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const work = { ...context, signal };
  const listeners = new Set<() => void>();
  let state: WatchState = START;
  let reading: AbortController | undefined;
  const become = (next: WatchState): void => {
    state = next;
    for (const changed of listeners) changed();
  };

  async function act(effect: Effect): Promise<void> {
    if (effect.do === 'leave') return over.abort();
    if (effect.do === 'no-logs') return reading?.abort();
    if (effect.do === 'logs') return readLogs(effect.unit);
    become({ ...state, said: `${effect.action} …` });
    const report = await pool.act(effect.action, work);
    become({ ...state, pool: report, said: `${effect.action}: done` });
  }

  async function readLogs(unit: string): Promise<void> {
    const own = new AbortController();
    reading = own;
    const reader = { ...work, signal: AbortSignal.any([signal, own.signal]) };
    try {
      for await (const line of pool.logs(unit, { follow: true }, reader)) become(logged(state, unit, line));
    } catch (error) {
      if (!reader.signal.aborted) become(logged(state, unit, toWpcloneError(error).message));
    }
  }

  async function ask(): Promise<void> {
    while (!signal.aborted) {
      try {
        const report = await pool.status(work);
        become({ ...state, pool: report, problem: undefined });
      } catch (error) {
        if (!signal.aborted) become({ ...state, problem: toWpcloneError(error).message });
      }
      await context.sleep(EVERY, signal).catch(() => undefined);
    }
  }

  const view = createElement(WatchView, {
    shown: {
      state: () => state,
      subscribe: (changed) => {
        listeners.add(changed);
        return () => listeners.delete(changed);
      },
    },
    colors,
    now: context.now,
    pressed: (key) => {
      const [next, effect] = press(state, key);
      become(next);
      if (effect !== undefined)
        act(effect).catch((error: unknown) => {
          if (!signal.aborted) become({ ...state, said: toWpcloneError(error).message });
        });
    },
  });
  const drawn = render(view, { alternateScreen: true, exitOnCtrlC: false, patchConsole: false });
  try {
    await ask();
  } finally {
    reading?.abort();
    drawn.unmount();
    await drawn.waitUntilExit();
  }
}
