import { Box, type Key as InkKey, Text, useInput, useWindowSize } from 'ink';
import { createElement, type ReactElement, useSyncExternalStore } from 'react';
import type { Colors } from '../colors.ts';
import { screenLines } from './screen.ts';
import type { Key, WatchState } from './state.ts';

/** What is shown, and who is told of its changes. */
export interface Shown {
  readonly state: () => WatchState;
  readonly subscribe: (changed: () => void) => () => void;
}

export interface WatchViewProps {
  readonly shown: Shown;
  readonly colors: Colors;
  readonly now: () => number;
  readonly pressed: (key: Key) => void;
}

/** The full-screen view: draws the lines of the screen and passes keys on. */
export function WatchView({ shown, colors, now, pressed }: WatchViewProps): ReactElement {
  const state = useSyncExternalStore(shown.subscribe, shown.state);
  const { columns, rows } = useWindowSize();
  useInput((input, key) => pressed(keyOf(input, key)));
  const lines = screenLines(state, { columns, rows }, colors, now());
  return createElement(
    Box,
    { flexDirection: 'column', width: columns },
    // An empty line has no height of its own.
    ...lines.map((line, index) => createElement(Text, { key: index, wrap: 'truncate' }, line === '' ? ' ' : line)),
  );
}

function keyOf(input: string, key: InkKey): Key {
  if (key.ctrl && input === 'c') return 'ctrl-c';
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  return key.escape ? 'escape' : input.toLowerCase();
}
