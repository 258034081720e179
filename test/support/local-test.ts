import { spawn, type ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { CHILD, killChild, openTestHome, type TestHome } from './local-runtime.ts';

/** A home of its own for the test that asks; it and all that runs in it end with the test. */
export function homeOfTest(): TestHome {
  const home = openTestHome();
  onTestFinished(() => home.close());
  return home;
}

/** Another wpclone on the same home, which is killed when the test ends; see local-child.ts. */
export function startChild({ home }: TestHome, mode: 'provision' | 'reset', id: string): ChildProcess {
  const child = spawn(process.execPath, [CHILD, mode, home, id], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => killChild(child));
  return child;
}
