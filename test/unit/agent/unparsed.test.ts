import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testApi, type TestApi } from '../../support/agent.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api.close());

it.each([
  ['no HTTP', 'canary\r\n\r\n', 400],
  ['a head that is too long', `GET / HTTP/1.1\r\nhost: a\r\nx-much: canary${'x'.repeat(40_000)}\r\n\r\n`, 431],
])('what is %s is refused in the one shape of errors, and not repeated', async (_, sent, status) => {
  const { port } = new URL(await api.app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  await once(socket, 'connect');
  socket.write(sent);
  const answer = await text(socket);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"code":"BAD_INPUT"`));
  expect(answer).not.toContain('canary');
});
