import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent as Connections, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Times } from './figures.ts';

const BIN = join(import.meta.dirname, '../../bin/run.js');

type Answer = Readonly<Record<string, unknown>>;

/** An agent as it is run when installed. */
export interface Running {
  readonly pid: number;
  readonly url: string;
  /** Throws for what is no success. `token`: of somebody else than the home's owner. */
  readonly call: (method: string, path: string, body?: object, token?: string) => Promise<Answer>;
}

export interface AgentOptions {
  readonly home: string;
  readonly jobs: number;
  /** Without tokens there is no limit to how often somebody calls. */
  readonly open?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Starts an agent, works with it, and stops it. */
export async function withAgent<T>(
  { home, jobs, open = true, environment = {} }: AgentOptions,
  work: (agent: Running) => Promise<T>,
): Promise<T> {
  const words = ['agent', '--port', '0', '--jobs', String(jobs), ...(open ? ['--no-auth'] : [])];
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', BIN, ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // As a service: where all want the processor, Linux weighs sessions against each other, and whoever asks is in another one. It ends with this process.
    detached: true,
    env: { ...process.env, ...environment, WPCLONE_HOME: home },
  });
  const connections = new Connections({ keepAlive: true });
  try {
    const [line]: unknown[] = await once(child.stdout, 'data');
    child.stdout.resume();
    const url = /http:\/\/[^\s"]+/.exec(String(line))?.[0] ?? '';
    const own = (): string => readFileSync(join(home, 'agent.token'), 'utf8').trim();
    const call: Running['call'] = (method, path, body, token) =>
      ask(connections, { method, url: url + path, body, token: token ?? (open ? undefined : own()) });
    return await work({ pid: child.pid ?? 0, url, call });
  } finally {
    connections.destroy();
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

interface Question {
  readonly method: string;
  readonly url: string;
  readonly body: object | undefined;
  readonly token: string | undefined;
}

export function ask(agent: Connections, { method, url, body, token }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const sent = request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${url}: ${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** What visitor.ts is told to do. */
export interface Visit {
  readonly url: string;
  readonly token: string | undefined;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Jobs that come so often a second, from a process that does nothing else; how many milliseconds each took to be accepted. */
export async function posts({ url }: Pick<Running, 'url'>, visit: Omit<Visit, 'url'>): Promise<Times> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'visitor.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  child.stdin.end(JSON.stringify({ ...visit, url } satisfies Visit));
  const [times] = await Promise.all([json(child.stdout), once(child, 'exit')]);
  return times as Times;
}

/** A clone of a site that is nowhere. */
export const nowhere = (n: number) => ({
  source_url: `https://site-${n}.example`,
  source_username: 'admin',
  source_password: 'not a password',
});

/** How a job ended. */
export async function ended({ call }: Pick<Running, 'call'>, id: string): Promise<Answer> {
  for (;;) {
    const job = await call('GET', `/api/v2/job-status/${id}?wait=30`);
    if (job['status'] === 'completed' || job['status'] === 'failed') return job;
  }
}
