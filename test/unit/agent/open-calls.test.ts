import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'undici';
import { testApi, type TestApi } from '../../support/agent.ts';
import { claimed, newJob } from '../../support/job-store/kit.ts';
import { workContext } from '../../support/work.ts';

let api: TestApi;
let url: string;
/** The second between two looks at who may still call is over when the test says so. */
let look: () => void;
beforeEach(async () => {
  const real = workContext();
  const waiting: (() => void)[] = [];
  look = () => {
    for (const over of waiting.splice(0)) over();
  };
  const sleep: typeof real.sleep = (milliseconds, signal) =>
    milliseconds === 1_000 ? new Promise((resolve) => waiting.push(resolve)) : real.sleep(milliseconds, signal);
  api = await testApi({ work: { ...real, sleep } });
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  look();
  await api.close();
});

const revoke = (name: string): void => {
  for (const token of api.tokens.list()) if (token.name === name) api.tokens.revoke(token.id);
};
const bearer = (name: string) => ({
  authorization: `Bearer ${api.tokens.create({ name, scopes: ['read', 'clone'], customer: null }).text}`,
});
async function begin() {
  const { job } = await api.store.enqueue(newJob());
  const { attempt } = await claimed(api.store);
  return { attempt, path: `/api/v2/jobs/${job.id}`, id: job.id };
}

/** Opens a WebSocket; resolves once it has said something, with the code that it will be closed with. */
async function socket(path: string, headers: Record<string, string>): Promise<{ end: Promise<number> }> {
  const opened = new WebSocket(url.replace('http', 'ws') + path, { headers });
  const end = new Promise<number>((resolve) => opened.addEventListener('close', ({ code }) => resolve(code)));
  await new Promise((resolve) => opened.addEventListener('message', resolve, { once: true }));
  return { end };
}

/** Begins calls that wait; resolves once the agent has them. */
async function pending(calls: (() => Promise<Response>)[]): Promise<Promise<Response>[]> {
  let arrived = 0;
  api.app.server.on('request', () => (arrived += 1));
  const answers = calls.map((call) => call());
  await expect.poll(() => arrived).toBe(calls.length);
  return answers;
}

test('whatever a token has let in ends when it is revoked, streams and calls that wait alike; what another let in goes on', async () => {
  const { attempt, path, id } = await begin();
  const [revoked, good] = [bearer('revoked'), bearer('good')];
  const [answers, other] = [
    await pending([
      () => fetch(`${url}/api/v2/job-status/${id}?wait=60`, { headers: revoked }),
      () => fetch(`${url}${path}/log?wait=60&after=1000`, { headers: revoked }),
      () =>
        fetch(`${url}/clone`, {
          method: 'POST',
          headers: { ...revoked, 'content-type': 'application/json' },
          body: JSON.stringify({ source_url: 'https://site.example' }),
        }),
    ]),
    await fetch(`${url}${path}/events`, { headers: good }),
  ];
  const stream = await fetch(`${url}${path}/events`, { headers: revoked });
  const { end } = await socket(`${path}/events`, revoked);
  const heard = stream.text().catch((error: Error) => error.message);
  revoke('revoked');
  look();
  for (const answer of await Promise.all(answers)) {
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
  }
  expect(await heard).toBe('terminated');
  expect(await end).toBe(1008);
  await api.store.fail(attempt, { code: 'UNREACHABLE', message: 'No.', next_steps: [] });
  expect(await other.text()).toContain('"state":"failed"');
});

test('a ticket opens nothing once the token is revoked that it was asked for with, and what it has opened ends', async () => {
  const { path } = await begin();
  const headers = bearer('asked');
  const ticket = async (): Promise<string> => {
    const answer = await fetch(`${url}${path}/ticket`, { method: 'POST', headers });
    const { ticket: text }: { ticket: string } = JSON.parse(await answer.text());
    return `${path}/events?ticket=${text}`;
  };
  const [used, unused] = [await ticket(), await ticket()];
  const { end } = await socket(used, {});
  revoke('asked');
  expect((await fetch(url + unused)).status).toBe(401);
  look();
  expect(await end).toBe(1008);
});
