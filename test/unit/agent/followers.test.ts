import { expect, test } from 'vitest';
import { createFollowers } from '../../../src/agent/http/follow-log.ts';
import { failureOf, workContext } from '../../support/work.ts';

test('a reader of a quiet job is shown that its way is open, however much is told of other jobs', async () => {
  const stop = new AbortController();
  const asked: PromiseWithResolvers<readonly []>[] = [];
  const events = async () => {
    const one = Promise.withResolvers<readonly []>();
    asked.push(one);
    return [...(await one.promise)];
  };
  let [ring, beat] = [() => undefined as void, () => undefined as void];
  const sleep = () => new Promise<void>((resolve) => (beat = resolve));
  const followers = createFollowers(events, {
    heard: (listener) => (ring = listener),
    work: { ...workContext(), sleep },
    closing: new AbortController().signal,
  });
  let shown = 0;
  const sink = { send: () => undefined, beat: () => void (shown += 1) };
  const following = followers.follow('job-quiet', 0, sink, stop.signal);
  for (let round = 1; round <= 3; round += 1) {
    await expect.poll(() => asked.length).toBe(round);
    // While the log is read.
    const again = beat;
    ring();
    again();
    await expect.poll(() => beat).not.toBe(again);
    ring();
    asked.at(-1)?.resolve([]);
    await expect.poll(() => shown).toBe(round);
  }
  stop.abort();
  asked.at(-1)?.resolve([]);
  expect(await following).toBe(false);
});

test('a reader that takes nothing for a minute is given up, so that it keeps nobody else from reading', async () => {
  let pass: () => void = () => undefined;
  const sleep = (milliseconds: number) =>
    new Promise<void>((resolve) => (pass = milliseconds === 60_000 ? resolve : pass));
  const event = { job: 'job-a', sequence: 1, at: 0, event: { type: 'job', state: 'running', attempt: 1 } } as const;
  const followers = createFollowers(() => Promise.resolve([event]), {
    heard: () => undefined,
    work: { ...workContext(), sleep },
    closing: new AbortController().signal,
  });
  const stuck = Promise.withResolvers<undefined>();
  const sink = { send: () => stuck.promise, beat: () => undefined };
  const before = pass;
  const failure = failureOf(followers.follow('job-a', 0, sink, new AbortController().signal));
  await expect.poll(() => pass).not.toBe(before);
  pass();
  expect((await failure).code).toBe('UNREACHABLE');
});
