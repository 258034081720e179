import type { AgentReport } from '../schemas.ts';
import type { Part } from './packages.ts';

/** One thing that wpclone needs of this machine. */
export interface Check {
  readonly name: 'node' | 'home' | 'disk' | 'sources' | 'user' | 'agent' | Part;
  readonly ok: boolean;
  /** Without it nothing works; else only some things do not. */
  readonly required: boolean;
  readonly detail: string;
}

export interface Machine {
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Bytes that may be kept of sources for their next clones; 10 GB without it. */
  readonly sourcesLimit?: number;
  /** The agent that commands ask, where flags or settings name one. */
  readonly agent?: { readonly url: string; readonly ask: () => Promise<AgentReport> };
  readonly signal: AbortSignal;
}
