import { define } from './define.ts';

/** Calling an agent. */
export const AGENT_ERRORS = define({
  UNAUTHORIZED: {
    exit: 4,
    http: 401,
    next: [
      'Give a token of this agent (WPCLONE_AGENT_TOKEN or a file); its operator makes one: wpclone agent token create.',
    ],
  },
  SCOPE_MISSING: { exit: 4, http: 403, next: ['Use a token with the scope {scope}.'] },
  FOREIGN_HOST: {
    exit: 4,
    http: 403,
    next: ['Call the agent by the address that it listens on, or tell it its name (--host-name).'],
  },
  TOO_MANY_REQUESTS: { exit: 1, http: 429, next: ['Wait as long as Retry-After says.'] },
  BODY_TOO_LARGE: { exit: 2, http: 413, next: [] },
  NO_SUCH_CALL: { exit: 5, http: 404, next: ['Its calls are in /openapi.json.'] },
  AGENT_STOPPING: {
    exit: 1,
    http: 503,
    next: ['Try again in a moment: another agent, or this one again, takes over.'],
  },
  AGENT_RUNNING: {
    exit: 5,
    http: 409,
    next: ['See what it does with wpclone agent status; end it with wpclone agent stop.'],
  },
  NO_AGENT: { exit: 5, http: 503, next: ['Start one with wpclone agent, or name one with --agent URL.'] },
  AGENT_UNREACHABLE: {
    exit: 1,
    http: 502,
    next: [
      'See whether it runs (wpclone agent status) and whether the address of --agent is right; --direct goes around it.',
    ],
  },
  AGENT_DIFFERS: {
    exit: 2,
    http: 409,
    next: ['Leave the flag or setting out, name another agent, or go around it with --direct.'],
  },
  AGENT_INSECURE: {
    exit: 2,
    http: 400,
    next: [
      'Give an https address; --insecure-agent sends token and passwords readable for all between here and there.',
    ],
  },
  CLONE_ELSEWHERE: {
    exit: 1,
    http: 409,
    next: [
      'On the machine of the agent: wpclone open {name}.',
      'Or forward its port: ssh -L {port}:127.0.0.1:{port} HOST',
    ],
  },
  TOKEN_NOT_FOUND: { exit: 5, http: 404, next: ['See what there is with wpclone agent token list.'] },
});
