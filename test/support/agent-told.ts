import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import type { AgentProcess } from './agent-process.ts';

/** All that an agent says of these jobs, in whatever way, with its metrics and what it says to a caller who sends `secret` in the wrong place. */
export async function toldBy(agent: AgentProcess, jobs: readonly string[], secret: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${agent.token}`, 'content-type': 'application/json' };
  const tell = async (path: string, init: RequestInit = {}): Promise<string> =>
    (await agent.fetch(path, { headers, ...init })).text();
  const hear = (path: string): Promise<string> =>
    new Promise((resolve) => {
      const heard: string[] = [];
      const socket = new WebSocket(String(agent.url).replace('http', 'ws') + path, { headers });
      socket.addEventListener('message', ({ data }) => heard.push(String(data)));
      socket.addEventListener('close', () => resolve(heard.join('')));
    });
  const told = [await tell('/metrics')];
  for (const id of jobs) {
    const path = `/api/v2/jobs/${id}`;
    told.push(await tell(path), await tell(`${path}/log`), await tell(`${path}/events`), await hear(`${path}/events`));
  }
  for (const wrong of [secret, { source_password: [secret] }, { source_url: 'https://a.example', pass_word: secret }])
    told.push(await tell('/api/v2/clone', { method: 'POST', body: JSON.stringify(wrong) }));
  return told;
}

/** The files of a home by name, with what is in them; the pages that wait in a database's log among them. */
export const filesOf = (home: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(home, { withFileTypes: true })
      .filter((each) => each.isFile())
      .map(({ name }) => [name, readFileSync(join(home, name), 'latin1')]),
  );
