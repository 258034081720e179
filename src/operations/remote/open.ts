import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';
import type { RuntimeKind } from '../../runtime/facts.ts';
import { agentSchema, type AgentReport } from '../schemas.ts';
import type { Operations, RemoteOperations } from '../types.ts';
import type { OperationSettings } from '../settings.ts';
import type { Interrupted } from './attend.ts';
import { agentOfHome } from './find.ts';
import { type AgentAddress, type AgentClient, createAgentClient } from './http.ts';
import { createRemoteOperations } from './operations.ts';

/** Which agent is to be asked. */
export interface AgentChoice {
  /** As it was given; undefined: the one that runs in the home, if one does. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** Plain http beyond this machine is all right. */
  readonly insecure: boolean;
  readonly settings: OperationSettings;
  /** Where clones are said to live: the agent's must live there too. */
  readonly said: {
    readonly runtime?: RuntimeKind | undefined;
    readonly context?: string | undefined;
    readonly namespace?: string | undefined;
  };
  /** Where settings have clones in a cluster: compared with what the agent was told, but one that took what its kubeconfig has tells nothing. */
  readonly settled: {
    readonly context?: string | undefined;
    readonly namespace?: string | undefined;
  };
  readonly interrupted: Interrupted;
}

/**
 * Operations of the agent that was named, or else of the one that runs in the home; undefined when none does. Throws AGENT_UNREACHABLE,
 * AGENT_INSECURE, AGENT_DIFFERS, UNAUTHORIZED.
 */
export async function openRemoteOperations(
  choice: AgentChoice,
  context: WorkContext,
): Promise<RemoteOperations | undefined> {
  const { url } = choice;
  const address = url === undefined ? addressAtHome(choice.settings.home) : addressOf(url, choice);
  if (address === undefined) return undefined;
  const client = createAgentClient(address, context);
  try {
    const agent = await ask(client, address, url !== undefined, context);
    if (agent === undefined) {
      await client.close();
      return undefined;
    }
    refuseDifference(agent, choice);
    const opened: Operations[] = [];
    const here = async (): Promise<Operations> => {
      const { createDirectOperations } = await import('../direct.ts');
      const operations = createDirectOperations(settingsOf(agent, choice.settings));
      opened.push(operations);
      return operations;
    };
    const sameMachine = isLoopback(new URL(address.url).hostname);
    const { interrupted } = choice;
    const remote = createRemoteOperations({ client, here: sameMachine ? here : undefined, interrupted });
    const close = async (): Promise<void> => {
      for (const operations of opened) await operations.close();
      await remote.close();
    };
    return { ...remote, close };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** What the agent at an address says of itself. Throws AGENT_UNREACHABLE, AGENT_INSECURE, UNAUTHORIZED, BAD_INPUT. */
export async function askNamedAgent(
  url: string,
  choice: Pick<AgentChoice, 'token' | 'insecure'>,
  { signal, sleep }: Pick<WorkContext, 'signal' | 'sleep'>,
): Promise<AgentReport> {
  const client = createAgentClient(addressOf(url, choice), { sleep });
  try {
    return await client.call(WHO, agentSchema, signal);
  } finally {
    await client.close();
  }
}

/** Where the agent's clones live, in the settings of this process. */
function settingsOf({ runtime, context, namespace }: AgentReport, settings: OperationSettings): OperationSettings {
  const kubernetes = {
    ...settings.kubernetes,
    ...(context === null ? {} : { context }),
    ...(namespace === null ? {} : { namespace }),
  };
  return { ...settings, runtime, kubernetes };
}

/** Over its socket, with the token of the home's owner. */
function addressAtHome(home: string): AgentAddress | undefined {
  const agent = agentOfHome(home);
  return agent && { url: 'http://localhost', socket: agent.socket, token: agent.token };
}

/** Throws BAD_INPUT, AGENT_INSECURE. */
function addressOf(text: string, { token, insecure }: Pick<AgentChoice, 'token' | 'insecure'>): AgentAddress {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new WpcloneError('BAD_INPUT', `"${text}" is not the address of an agent, such as https://clones.example.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new WpcloneError('BAD_INPUT', 'The address of an agent holds no password: its token comes from a file.');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !insecure) {
    throw new WpcloneError('AGENT_INSECURE', `${url.origin} is reached over plain http, which others can read.`);
  }
  return { url: url.href, ...(token === undefined ? {} : { token }) };
}

const WHO = { method: 'GET', path: '/api/v2/agent', seconds: 30, once: true } as const;

/** Undefined when the agent of the home is gone: what it left there is older than its end. */
async function ask(
  client: AgentClient,
  { socket }: AgentAddress,
  named: boolean,
  { signal }: WorkContext,
): Promise<AgentReport | undefined> {
  try {
    return await client.call(WHO, agentSchema, signal);
  } catch (error) {
    const { cause } = toWpcloneError(error);
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (!named && socket !== undefined && (code === 'ECONNREFUSED' || code === 'ENOENT')) return undefined;
    throw error;
  }
}

const PLACES: Record<RuntimeKind, string> = { local: 'on its own machine', kubernetes: 'in a Kubernetes cluster' };

/** Throws AGENT_DIFFERS. */
function refuseDifference(agent: AgentReport, { said, settled }: Pick<AgentChoice, 'said' | 'settled'>): void {
  const differs = (what: string): never => {
    throw new WpcloneError('AGENT_DIFFERS', `The agent keeps its clones ${PLACES[agent.runtime]}, not ${what}.`);
  };
  if (said.runtime !== undefined && said.runtime !== agent.runtime) differs(PLACES[said.runtime]);
  const context = said.context ?? (agent.context === null ? undefined : settled.context);
  const namespace = said.namespace ?? (agent.namespace === null ? undefined : settled.namespace);
  if (context !== undefined && context !== agent.context) differs(`in that of the context ${context}`);
  if (namespace !== undefined && namespace !== agent.namespace) differs(`in the namespace ${namespace}`);
}
