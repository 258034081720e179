import type { WorkContext } from '../shared/context.ts';

/** Small texts that all who use a runtime know together, whatever process or machine they are. No secrets. */
export interface Documents {
  /** Undefined while nobody has written it. `name` is a word of small letters and dashes. */
  read(name: string, context: WorkContext): Promise<string | undefined>;
  /** Compare and swap: `next` is asked again, with what is there by then, when somebody else was faster. Returns what was written. */
  change(name: string, next: (before: string | undefined) => string, context: WorkContext): Promise<string>;
}
