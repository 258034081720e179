import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSource, type Source } from '../support/source/index.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { cloneId, HOST, useNamespace } from './support.ts';
import { unluckyApiServer, type UnluckyApiServer } from './unlucky-api-server.ts';

const namespace = useNamespace('unlucky');
const commands = useCommands(namespace);
let source: Source;
let server: UnluckyApiServer;

beforeAll(async () => {
  [source, server] = await Promise.all([startSource({ host: HOST }), unluckyApiServer()]);
});
afterAll(() => Promise.all([source.stop(), server.stop()]));

/** What the API server itself said to the calls whose path ends so. */
const said = (method: string, end: string): readonly number[][] =>
  [...server.answers].filter(([call]) => call.startsWith(method) && call.endsWith(end)).map(([, statuses]) => statuses);

test('a clone is made, extended, reset, asked for its logs and deleted although everything is refused once (429) and every first answer to a write is lost (409, 422)', async () => {
  const environment = { KUBECONFIG: server.kubeconfig };
  const id = cloneId();
  const report = await commands.json<Report>(cloneArguments(source, '--name', id), {
    environment: { ...passwordOf(source).environment, ...environment },
  });
  expect(report).toMatchObject({ clone_id: id, status: 'ready', warnings: [] });
  // Made once; the second time the API server refused, and what was there was recognised as ours. Of the two Secrets, the lock
  // of the name is the first.
  expect(said('POST', '/secrets')).toEqual([[201, 409, 201]]);
  for (const kind of ['pods', 'services']) expect([kind, ...said('POST', `/${kind}`)]).toEqual([kind, [201, 409]]);
  expect(said('PATCH', `/pods/${await namespace.podName(id)}`)[0]?.slice(0, 2)).toEqual([200, 422]);

  expect(await commands.json(['reset', id], { environment })).toMatchObject({ status: 'ready' });
  await commands.json(['extend', id, '2h'], { environment });
  expect(await commands.run(['logs', id], { environment })).toMatchObject({ code: 0 });
  await commands.json(['delete', id, '--force'], { environment });
  expect(await namespace.belongings()).toEqual([]);
});
