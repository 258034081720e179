import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentClient } from '../../../src/operations/remote/http.ts';
import { createRemoteOperations } from '../../../src/operations/remote/operations.ts';
import { parsePolicy } from '../../../src/operations/restore-policy.ts';
import type { CloneRequest, RemoteOperations } from '../../../src/operations/types.ts';
import type { WorkContext } from '../../../src/shared/context.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { failureOf, workContext } from '../../support/work.ts';

/** An agent that keeps the answer to what makes a job for itself until it is let go. */
interface SlowAgent {
  readonly url: string;
  /** What makes a job and was read, by path; each counts as taken, whether anybody hears the answer or not. */
  readonly taken: string[];
  readonly cancelled: string[];
  /** Called when a request has been read, before it is answered. */
  onTaken: () => void;
  /** What is answered instead of "taken". */
  refusal: { readonly status: number; readonly code: string; readonly headers?: Record<string, string> } | undefined;
  /** Whether the first job ends for want of a log-in. */
  wantsLogin: boolean;
  /** Lets the answers go. */
  readonly release: () => void;
}

let server: Server;
let agent: SlowAgent;
const gate = () => Promise.withResolvers<void>();
beforeEach(async () => {
  const { promise, resolve } = gate();
  const state = {
    url: '',
    taken: [],
    cancelled: [],
    onTaken: () => undefined,
    refusal: undefined,
    wantsLogin: false,
    release: resolve,
  };
  server = createServer((asked, answer) => void respond(state, promise, asked, answer));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  agent = Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterEach(() => {
  agent.release();
  server.closeAllConnections();
  server.close();
});

async function respond(
  slow: SlowAgent,
  released: Promise<void>,
  { method, url = '' }: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const send = (status: number, body: object, headers: Record<string, string> = {}): void =>
    void answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const accepted = (id: string) => ({ job_id: id, status: 'pending', status_url: `/api/v2/job-status/${id}` });
  const [, id = '', what] = /^\/api\/v2\/jobs\/([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
  if (what === 'cancel') return send(202, accepted(slow.cancelled[slow.cancelled.push(id) - 1] ?? ''));
  const lacks = slow.wantsLogin && id === 'job-1';
  if (method === 'GET' && what === 'events') {
    if (lacks || slow.cancelled.includes(id)) return void answer.writeHead(204).end();
    return void answer.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
  }
  if (method === 'GET') return send(200, jobOf(id, lacks ? 'LOGIN_NEEDED' : 'CANCELLED'));
  const number = slow.taken.push(url);
  const isHeld = !(slow.wantsLogin && number === 1);
  if (isHeld) slow.onTaken();
  if (isHeld) await released;
  const { refusal } = slow;
  if (refusal === undefined) return send(202, accepted(`job-${number}`));
  send(refusal.status, { error: { code: refusal.code, message: 'No.', next_steps: [] } }, refusal.headers);
}

const jobOf = (id: string, code: string) => ({
  job_id: id,
  type: 'clone',
  status: 'failed',
  progress: 0,
  message: '',
  attempt: 1,
  created_at: '',
  started_at: null,
  finished_at: null,
  retry_at: null,
  clone_id: null,
  error: { code, message: 'It says.', next_steps: [] },
  result: null,
});

const REQUEST: CloneRequest = {
  url: 'https://mysite.example',
  ttlSeconds: 1800,
  media: 'copy',
  excludeTables: [],
  excludePaths: [],
  defines: {},
  strict: false,
  keepMail: false,
  insecureTls: false,
  username: 'admin',
};
const RESTORE = {
  cloneId: 'mine',
  isCopy: false,
  policy: parsePolicy({ delete: false, strict: false }),
  insecureTls: false,
};
const WORDS = { password: () => Promise.resolve('secret') };
type Work = (operations: RemoteOperations, context: WorkContext) => Promise<unknown>;

/** Does it, and cancels as soon as the agent has read what makes a job; the answer comes a little later. */
async function cancelledMeanwhile(work: Work, afterwards: () => void = () => setTimeout(agent.release, 50)) {
  const stop = new AbortController();
  agent.onTaken = () => {
    stop.abort(new WpcloneError('CANCELLED', 'Cancelled by SIGINT.'));
    afterwards();
  };
  const context = workContext(stop.signal);
  const asked: string[] = [];
  const interrupted = (job: string) => Promise.resolve(asked.push(job)).then(() => 'cancel' as const);
  const client = createAgentClient({ url: agent.url }, context);
  const operations = createRemoteOperations({ client, here: undefined, interrupted });
  const { code, message } = await failureOf(work(operations, context));
  await operations.close();
  return { code, message, asked };
}

describe('what is cancelled while it is handed in', () => {
  it.each<[string, Work]>([
    ['a clone', (operations, context) => operations.clone(REQUEST, WORDS, context)],
    ['a plan', (operations, context) => operations.planRestore(RESTORE, WORDS, context)],
    ['a restore', (operations, context) => operations.applyRestore({ ...RESTORE, agreed: null }, WORDS, context)],
    ['an undo', (operations, context) => operations.restores.undo('rst-a', undefined, RESTORE, WORDS, context)],
    ['a reset', (operations, context) => operations.reset('mine', context)],
    ['a deletion', (operations, context) => operations.delete('mine', context)],
    ['a clone that nobody waits for', (operations, context) => operations.jobs.submitClone(REQUEST, WORDS, context)],
    ['a reset that nobody waits for', (operations, context) => operations.jobs.submitReset('mine', context)],
    ['a deletion that nobody waits for', (operations, context) => operations.jobs.submitDelete('mine', context)],
  ])('%s is a job that is cancelled, once its answer has come', async (_, work) => {
    const { code, asked } = await cancelledMeanwhile(work);
    expect({ code, asked, taken: agent.taken.length, cancelled: agent.cancelled }).toEqual({
      code: 'CANCELLED',
      asked: ['job-1'],
      taken: 1,
      cancelled: ['job-1'],
    });
  });

  it('a job that is done again with a log-in is cancelled too', async () => {
    agent.wantsLogin = true;
    const { code, asked } = await cancelledMeanwhile((operations, context) =>
      operations.clone(REQUEST, WORDS, context),
    );
    expect({ code, asked, taken: agent.taken, cancelled: agent.cancelled }).toEqual({
      code: 'CANCELLED',
      asked: ['job-2'],
      taken: ['/api/v2/clone', '/api/v2/jobs/job-1/retry'],
      cancelled: ['job-2'],
    });
  });

  it('is over at once where the agent refuses it, and asks for more time', async () => {
    agent.refusal = { status: 429, code: 'TOO_MANY_REQUESTS', headers: { 'retry-after': '25' } };
    const began = Date.now();
    const { code, message, asked } = await cancelledMeanwhile((operations, context) =>
      operations.clone(REQUEST, WORDS, context),
    );
    expect([code, message, asked, agent.taken.length]).toEqual(['CANCELLED', 'Cancelled by SIGINT.', [], 1]);
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it('is said to be perhaps a job where the agent is gone before it has answered', async () => {
    const { code, message } = await cancelledMeanwhile(
      (operations, context) => operations.clone(REQUEST, WORDS, context),
      () => server.close().closeAllConnections(),
    );
    expect([code, message]).toEqual(['CANCELLED', expect.stringMatching(/^Cancelled by SIGINT\. .*whether it has/)]);
  });
});
