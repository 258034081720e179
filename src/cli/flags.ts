import * as Flags from '@oclif/core/flags';
import { argument } from './argument.ts';

/** Every command takes these (`--json` comes with oclif). */
export const globalFlags = {
  quiet: Flags.boolean({ char: 'q', helpGroup: 'GLOBAL', summary: 'Print nothing but the result and errors.' }),
  'no-color': Flags.boolean({ helpGroup: 'GLOBAL', summary: 'Print without colours.' }),
  debug: Flags.boolean({ helpGroup: 'GLOBAL', summary: 'Print internal details, and the stack traces of errors.' }),
};

const agentFlag = {
  helpGroup: 'AGENT',
  helpValue: 'URL',
  summary: 'Have the agent at this address do it. [default: the one that runs in your home, if one does]',
};
/** `exclusive`, but not drawn as a pair in the usage: there `--direct` stands beside `--agent`, or nowhere. */
const notWithDirect = { relationships: [{ type: 'none' as const, flags: ['direct'] }] };

/** Who does the work; for every command that an agent can carry out. */
export const agentFlags = {
  agent: Flags.string({ ...agentFlag, exclusive: ['direct'] }),
  'agent-token-file': Flags.string({
    helpGroup: 'AGENT',
    helpValue: 'FILE',
    summary: 'Read its token from this file, instead of WPCLONE_AGENT_TOKEN.',
  }),
  'insecure-agent': Flags.boolean({
    helpGroup: 'AGENT',
    default: false,
    summary: 'Reach an agent beyond this machine over plain http.',
  }),
  direct: Flags.boolean({
    helpGroup: 'AGENT',
    default: false,
    summary: 'Do it in this process, also when an agent runs in your home.',
  }),
};

/** For what is about an agent's own jobs. A script may have --direct for all its commands: it is told what is wrong with it here, and help leaves it out. */
export const jobsFlags = {
  ...agentFlags,
  agent: Flags.string({ ...agentFlag, ...notWithDirect }),
  direct: Flags.boolean({ helpGroup: 'AGENT', hidden: true, default: false }),
};

/** For what an agent does as a job. */
export const noWaitFlag = Flags.boolean({
  ...notWithDirect,
  default: false,
  helpGroup: 'AGENT',
  summary: 'Hand the job to the agent and do not wait for its end.',
});

/** Where clones live; for every command that deals with clones. */
export const placeFlags = {
  runtime: Flags.string({
    options: ['local', 'kubernetes'],
    helpGroup: 'RUNTIME',
    summary: 'Where the clone lives: on this machine (default) or in a Kubernetes cluster.',
  }),
  context: Flags.string({ helpGroup: 'RUNTIME', helpValue: 'NAME', summary: 'Context of the kubeconfig to use.' }),
  namespace: Flags.string({ helpGroup: 'RUNTIME', helpValue: 'NAME', summary: 'Namespace that holds the clones.' }),
};

/** For commands that deal with clones, here or through an agent. */
export const runtimeFlags = { ...agentFlags, ...placeFlags };

/** How to log in to a source. */
export const sourceFlags = {
  username: Flags.string({ char: 'u', helpValue: 'NAME', summary: 'Administrator of the source site.' }),
  'password-file': Flags.string({
    helpValue: 'FILE',
    summary: 'Read the password from this file (- is standard input), instead of WPCLONE_SOURCE_PASSWORD or a prompt.',
  }),
  'http-auth': Flags.string({
    helpValue: 'USER',
    summary: 'User name for the web server of the source, where it asks for a password before WordPress does.',
  }),
  'http-auth-password-file': Flags.string({
    helpValue: 'FILE',
    summary: 'Read its password from this file, instead of WPCLONE_HTTP_AUTH_PASSWORD or a prompt.',
  }),
  'login-url': Flags.string({ helpValue: 'URL', summary: 'Address of the log-in page, if it was moved.' }),
  insecure: Flags.boolean({
    summary: 'Continue even if the certificate of the source cannot be verified.',
    default: false,
  }),
};

export const jobArgument = argument({
  name: 'JOB',
  required: true,
  description: 'Id of the job: see wpclone jobs.',
});

export const cloneArgument = argument({ name: 'NAME', required: true, description: 'Name of the clone.' });
