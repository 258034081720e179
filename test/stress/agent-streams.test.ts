import { expect, it } from 'vitest';
import { streamToMany } from '../support/streams.ts';

const READERS = 500;
const EVENTS = 100;

it('five hundred streams, and one that never reads, hear everything, cost little memory and hold up no end of the agent', async () => {
  const { times, grown, log, closing } = await streamToMany(READERS, EVENTS, 50);
  expect(times).toHaveLength(READERS * EVENTS);
  expect(grown / 2 ** 20).toBeLessThan(200);
  expect(log / 2 ** 20).toBeLessThan(8);
  expect(closing).toBeLessThan(5_000);
});
