import { expect, it } from 'vitest';
import { difference, PLAIN } from '../../../src/restore/rows/difference.ts';
import { createRoom, roomWithin } from '../../../src/restore/rows/room.ts';
import { failureOf } from '../../support/work.ts';

async function* rows(from: number, end: number): AsyncGenerator<readonly string[]> {
  for (let at = from; at < end; at += 1)
    yield await Promise.resolve([`${at}\t${'x'.repeat(872 - `${at}`.length - 1)}`]);
}

it('refuses what differs in more rows than can be held, of all tables together, and names the one', async () => {
  const room = createRoom(10_000);
  await difference(rows(0, 6), rows(0, 0), PLAIN, { room: room.of('wp_few') });
  const failure = await failureOf(difference(rows(0, 9), rows(10, 19), PLAIN, { room: room.of('wp_many') }));
  expect([failure.code, failure.details['table']]).toEqual(['TOO_MUCH_DIFFERS', 'wp_many']);
  expect(failure.message).toContain('wp_many');
  expect(failure.nextSteps.join(' ')).toContain('wp_many');
});

it('counts no row that is on both sides, however much out of step', async () => {
  const room = createRoom(10_000).of('wp_posts');
  for (let turn = 0; turn < 20; turn += 1)
    expect(await difference(rows(0, 9), backwards(9), PLAIN, { room })).toEqual({ gone: [], come: [] });
});

async function* backwards(end: number): AsyncGenerator<readonly string[]> {
  const all: string[] = [];
  for await (const some of rows(0, end)) all.push(...some);
  yield all.toReversed();
}

it('takes no more than there is where a program may have little memory', async () => {
  const failure = await failureOf(
    difference(rows(0, 40), rows(0, 0), PLAIN, { room: roomWithin(400_000).of('wp_posts') }),
  );
  expect(failure.code).toBe('TOO_MUCH_DIFFERS');
});
