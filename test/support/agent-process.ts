import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { jobStatusAnswer } from '../../src/agent/http/answers.ts';
import { type AgentFile, readAgentFile } from '../../src/shared/agent-files.ts';
import type { CommandLine, Running } from './cli.ts';

export type JobStatus = z.infer<typeof jobStatusAnswer>;

/** One event of a job's log, as its stream tells it. */
export interface HeardEvent {
  readonly type: string;
  readonly at: string;
  readonly step?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly counters?: Readonly<Record<string, number>>;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** An agent that runs as a process of its own, as a person starts it. */
export interface AgentProcess extends AgentFile {
  readonly running: Running;
  readonly token: string;
  /** Over its socket, as the home's owner. */
  call(method: string, path: string, body?: object): Promise<Answer>;
  /** Over TCP. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a signal and resolves when the process has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Resolves with the first event of the job's log that is such a one. */
  heard(job: string, matches: (event: HeardEvent) => boolean): Promise<HeardEvent>;
  /** Resolves when the job is so far; rejects after a minute. */
  until(job: string, holds: (status: JobStatus) => boolean): Promise<JobStatus>;
}

/** Starts `wpclone agent` on a free port in the home of `cli`; it ends with the test at the latest, or where `atEnd` says. */
export async function startAgent(
  cli: CommandLine,
  args: readonly string[] = [],
  atEnd: (end: () => void) => void = onTestFinished,
): Promise<AgentProcess> {
  const running = cli.start(['agent', '--port', '0', ...args]);
  atEnd(() => void running.process.kill('SIGKILL'));
  await running.seen(/"msg":"listening"/);
  const file = readAgentFile(cli.home);
  if (file === undefined) throw new Error('The agent said nothing of itself in its home.');
  const token = readFileSync(join(cli.home, 'agent.token'), 'utf8').trim();
  const call: AgentProcess['call'] = (method, path, body) =>
    callSocket({ socketPath: file.socket, token }, method, path, body);
  return {
    ...file,
    running,
    token,
    call,
    fetch: (path, init) => fetch(`${file.url}${path}`, init),
    heard: (job, matches) => listen({ socketPath: file.socket, token }, `/api/v2/jobs/${job}/events`, matches),
    async end(signal) {
      running.process.kill(signal);
      await running.finished;
    },
    async until(job, holds) {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const answer = await call('GET', `/api/v2/job-status/${job}`);
        if (answer.status !== 200) throw new Error(`The agent says: ${JSON.stringify(answer)}`);
        const status = jobStatusAnswer.parse(answer.body);
        if (holds(status)) return status;
        if (Date.now() > deadline) throw new Error(`The job never came so far: ${JSON.stringify(status)}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
  };
}

/** A socket, and what lets its owner in. */
interface Door {
  readonly socketPath: string;
  readonly token: string;
}

const headersOf = (token: string) => ({ host: 'agent', authorization: `Bearer ${token}` });

function callSocket({ socketPath, token }: Door, method: string, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...headersOf(token), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const sent = request({ socketPath, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : JSON.parse(text) }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function listen(
  { socketPath, token }: Door,
  path: string,
  matches: (event: HeardEvent) => boolean,
): Promise<HeardEvent> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, headers: headersOf(token) }, (response) => {
      let text = '';
      let last = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        for (const data of messages.flatMap((message) => /^data: (.*)$/m.exec(message)?.[1] ?? [])) {
          const event: HeardEvent = JSON.parse(data);
          last = data;
          if (!matches(event)) continue;
          resolve(event);
          sent.destroy();
          return;
        }
      });
      response.on('end', () => reject(new Error(`${path} ended without such an event; the last one was ${last}`)));
    });
    sent.on('error', reject);
    sent.end();
  });
}
