import { readFileSync } from 'node:fs';
import { WpcloneError } from '../shared/errors.ts';
import type { AgentChoice } from '../operations/remote/open.ts';
import type { Settings } from './config/schema.ts';
import { cannotRead } from './file-errors.ts';
import { canAsk } from './password.ts';
import type { View } from './presenters/view.ts';

/** What the command line says of an agent. */
export interface AgentFlagValues {
  readonly agent?: string | undefined;
  readonly 'agent-token-file'?: string | undefined;
  readonly 'insecure-agent'?: boolean | undefined;
  readonly direct?: boolean | undefined;
  readonly runtime?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

/**
 * Which agent to ask; undefined with --direct. `token` comes from the environment. Throws BAD_INPUT for a token file that cannot be read.
 */
export function agentChoice(
  flags: AgentFlagValues,
  settings: Settings,
  token: string | undefined,
): Omit<AgentChoice, 'interrupted' | 'settings'> | undefined {
  if (flags.direct === true) return undefined;
  const url = flags.agent ?? settings.agent;
  const file = flags['agent-token-file'] ?? settings['agent-token-file'];
  // An agent that nobody named must not put clones elsewhere than the settings say.
  const runtime = flags.runtime ?? (url === undefined ? settings.runtime : undefined);
  return {
    url,
    token: url === undefined ? undefined : (token ?? (file === undefined ? undefined : readToken(file))),
    insecure: flags['insecure-agent'] === true,
    said: {
      runtime: runtime === 'local' || runtime === 'kubernetes' ? runtime : undefined,
      context: flags.context,
      namespace: flags.namespace,
    },
    settled:
      url === undefined ? { context: wordOf(settings, 'context'), namespace: wordOf(settings, 'namespace') } : {},
  };
}

/** What is set under `kubernetes`. What is no text is for those who read all of it to refuse. */
function wordOf({ kubernetes = {} }: Settings, key: string): string | undefined {
  const value = kubernetes[key];
  return typeof value === 'string' ? value : undefined;
}

function readToken(file: string): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    throw cannotRead(`The token file ${file}`, file, cause);
  }
  const token = content.trim();
  // What is no single word would break the header that it is sent in.
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new WpcloneError('BAD_INPUT', `The token file ${file} does not hold a token.`, {
    nextSteps: ['Put into it, alone, what wpclone agent token create printed.'],
  });
}

/** What becomes of a job of the agent when the person who waits for it presses Ctrl-C. Without a terminal it is cancelled. */
export async function leaveOrCancel(job: string, view: View): Promise<'leave' | 'cancel'> {
  if (!canAsk()) return 'cancel';
  const { select } = await import('@inquirer/prompts');
  const choices = [
    { name: 'Cancel it: what it did is taken back', value: 'cancel' as const },
    { name: 'Leave it running', value: 'leave' as const },
  ];
  const message = `The agent is at work on ${job}.`;
  return view.ask((output) =>
    select({ message, choices }, { output, clearPromptOnDone: true }).catch(() => 'cancel' as const),
  );
}
