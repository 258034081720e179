import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentChoice, type AgentFlagValues } from '../../../src/cli/agent.ts';
import { colorsFor } from '../../../src/cli/colors.ts';
import type { Settings } from '../../../src/cli/config/schema.ts';
import { agentStartedText } from '../../../src/cli/presenters/agent.ts';
import { askAgent } from '../../../src/operations/agent-socket.ts';
import { openRemoteOperations } from '../../../src/operations/remote/open.ts';
import { toWpcloneError } from '../../../src/shared/errors.ts';
import { makeTemp } from '../../support/temp.ts';
import { failureOf, workContext } from '../../support/work.ts';

const home = makeTemp('home-agent');
const place = { runtime: 'kubernetes', context: 'prod', namespace: 'clones' };
/** What the agent of the home says of itself. */
let told: object = place;
let server: Server;
beforeAll(async () => {
  const socket = join(home, 'agent.sock');
  server = createServer((_, answer) => answer.end(JSON.stringify({ version: '0.0.0', draining: false, ...told })));
  await once(server.listen(socket), 'listening');
  const file = { pid: process.pid, machine: 'here', version: '0.0.0', url: null, socket, runtime: 'kubernetes' };
  writeFileSync(join(home, 'agent.json'), JSON.stringify(file));
  writeFileSync(join(home, 'agent.token'), 'wpc_test');
});
afterAll(() => server.close());

/** How the choice of the home's agent ends: "asked", or the code and message of the error. */
async function chosen(settings: Settings, flags: AgentFlagValues = {}, agent: object = place): Promise<string> {
  told = agent;
  const choice = agentChoice(flags, settings, undefined);
  if (choice === undefined) return 'none';
  const here = { home, runtime: 'local', kubernetes: {}, environment: {} } as const;
  const interrupted = () => Promise.resolve('leave' as const);
  try {
    const operations = await openRemoteOperations({ ...choice, settings: here, interrupted }, workContext());
    await operations?.close();
    return 'asked';
  } catch (error) {
    const { code, message } = toWpcloneError(error);
    return `${code}: ${message}`;
  }
}

describe('the agent of a home', () => {
  it('is refused where settings have clones in another cluster or namespace than it has', async () => {
    expect(await chosen({ kubernetes: { context: 'prod', namespace: 'clones' } })).toBe('asked');
    expect(await chosen({ kubernetes: { context: 'staging' } })).toMatch(/^AGENT_DIFFERS: .*context staging/);
    expect(await chosen({ kubernetes: { namespace: 'other' } })).toMatch(/^AGENT_DIFFERS: .*namespace other/);
  });

  it('is asked where a flag says what it has, whatever settings say', async () => {
    expect(await chosen({ kubernetes: { namespace: 'other' } }, { namespace: 'clones' })).toBe('asked');
  });

  it('is asked where it does not tell its place, or has its clones on this machine', async () => {
    const settings = { kubernetes: { context: 'staging', namespace: 'other' } };
    expect(await chosen(settings, {}, { ...place, context: null, namespace: null })).toBe('asked');
    expect(await chosen(settings, {}, { runtime: 'local', context: null, namespace: null })).toBe('asked');
  });
});

describe('what an agent says when it starts', () => {
  const started = {
    url: 'http://127.0.0.1:8420',
    token_file: '/home/a/agent.token',
    runtime: 'local',
    jobs_at_once: 4,
  };
  const plain = colorsFor({ isTTY: false }, [], {});

  it('names the file with its token', () => {
    expect(agentStartedText(started, false, plain)).toContain('(token: /home/a/agent.token)');
  });

  it('without tokens names none, and warns that whoever reaches it may do everything', () => {
    const [line, warning, ...more] = agentStartedText(started, true, plain).split('\n');
    expect(line).not.toContain('agent.token');
    expect(warning).toMatch(/^! Whoever reaches http:\/\/127\.0\.0\.1:8420 may do everything/);
    expect(more).toEqual([]);
  });
});

it('who asks after the agent of a home where none runs is not told to name another: that command takes no --agent', async () => {
  const error = await failureOf(askAgent(join(makeTemp('no-agent'), 'home'), 'GET', '/api/v2/agent'));
  expect([error.code, error.nextSteps.join()]).toEqual(['NO_AGENT', expect.not.stringContaining('--agent')]);
});
