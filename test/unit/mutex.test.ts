import { expect, test } from 'vitest';
import { createMutex } from '../../src/shared/mutex.ts';

test('what is asked for a second time begins when the first has ended, also when that failed', async () => {
  const alone = createMutex();
  const said: string[] = [];
  let fail: (error: Error) => void = () => undefined;
  const first = alone(async () => {
    said.push('first begins');
    await new Promise<void>((_resolve, reject) => (fail = reject)).finally(() => said.push('first ends'));
  });
  const second = alone(async () => said.push('second begins'));
  await expect.poll(() => said).toEqual(['first begins']);
  fail(new Error('It cannot be cleared.'));
  await expect(first).rejects.toThrow('cleared');
  await second;
  expect(said).toEqual(['first begins', 'first ends', 'second begins']);
});
