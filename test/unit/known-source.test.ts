import { expect, onTestFinished, test } from 'vitest';
import { createSourcePort } from '../../src/operations/sources.ts';
import { openState } from '../../src/state/open.ts';
import { listen } from '../support/connecting.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf, workContext } from '../support/work.ts';

test('whoever says https is not read in the clear because an earlier clone of the site was', async () => {
  const asked: (string | undefined)[] = [];
  const site = await listen(({ method }, response) => {
    asked.push(method);
    response.writeHead(404).end();
  });
  onTestFinished(() => site.close());
  const [home, context] = [makeTemp('known'), workContext()];
  const state = openState(home, context);
  onTestFinished(() => state.close());
  const url = site.url();
  const key = { keyId: '0123456789abcdef', secret: 'x'.repeat(43), insecureTls: false, lastUsedAt: context.now() };
  await state.sources.save({ url, endpoint: url, ...key });
  const connect = (typed: string) =>
    failureOf(createSourcePort({ url: typed, insecureTls: false }, { home, environment: {} }, state).connect(context));

  expect((await connect(url.replace('http:', 'https:'))).code).toBe('TLS_FAILED');
  expect(asked).toEqual([]);
});
