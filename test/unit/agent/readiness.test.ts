import { expect, it } from 'vitest';
import { createReadiness } from '../../../src/agent/daemon/readiness.ts';

it('believes a written row for a second after it was written, however often it is asked meanwhile', async () => {
  let now = 0;
  let full = false;
  const ready = createReadiness({
    store: { probe: () => (full ? Promise.reject(new Error('no room')) : Promise.resolve()) },
    stopping: new AbortController().signal,
    unseen: () => 0,
    // Time goes on while it is looked at: the second passes between two looks.
    monotonic: () => (now += 600),
  });
  expect(await ready()).toBeUndefined();
  full = true;
  const answers = [await ready(), await ready(), await ready(), await ready()];
  expect(answers.at(-1)).toMatch(/jobs cannot be written/);
});
