import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Gate, openGate } from '../../src/site/connect/browser/gate.ts';

/** Two sites of this machine's own network: one that may be reached, one that may not. */
const [ALLOWED, INSIDE] = ['127.0.0.2', '127.0.0.3'];
const sites: Server[] = [];
let gate: Gate;
beforeAll(async () => {
  for (const host of [ALLOWED, INSIDE]) {
    const site = createServer((asked, answer) => answer.end(`${asked.method} ${asked.url} at ${host}`)).listen(0, host);
    await once(site, 'listening');
    sites.push(site);
  }
  gate = await openGate([ALLOWED]);
});
afterAll(() => {
  gate.close();
  for (const site of sites) site.close();
});

const portOf = (site: Server | undefined): number => {
  const address = site?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
const through = (path: string, method = 'GET') => {
  const { hostname, port } = new URL(gate.url);
  return request({ hostname, port, path, method, agent: false });
};
const answerOf = async (path: string): Promise<string> => {
  const sent = through(path);
  sent.end();
  const answer = await once(sent, 'response').catch(() => undefined);
  if (answer === undefined) return 'cut off';
  const chunks: Buffer[] = await answer[0].toArray();
  return `${answer[0].statusCode} ${Buffer.concat(chunks).toString()}`;
};
const tunnelTo = async (target: string): Promise<number> => {
  const sent = through(target, 'CONNECT');
  sent.end();
  const [answer, socket] = await once(sent, 'connect');
  socket.destroy();
  return answer.statusCode;
};

it('lets a browser to where its site may be, and to no other address inside, by number or by name', async () => {
  const [allowed, inside] = [portOf(sites[0]), portOf(sites[1])];
  expect(await answerOf(`http://${ALLOWED}:${allowed}/a?b=c`)).toBe(`200 GET /a?b=c at ${ALLOWED}`);
  expect(await tunnelTo(`${ALLOWED}:${allowed}`)).toBe(200);
  expect(await answerOf(`http://${INSIDE}:${inside}/`)).toBe('403 ');
  expect(await tunnelTo(`${INSIDE}:${inside}`)).toBe(403);
  expect(await tunnelTo(`[::ffff:${INSIDE}]:${inside}`)).toBe(403);
  // A name is looked up for the connection itself.
  expect(await answerOf(`http://localhost:${inside}/`)).toBe('cut off');
});
