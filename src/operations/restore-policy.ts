import { planSchema, type Plan, type PlanPolicy } from '../restore/plan/schema.ts';
import { compileChoice } from '../restore/plan/choose.ts';
import { parseJson } from '../shared/json.ts';
import { PROTECTIONS } from '../restore/merge/never.ts';

/** What can be named that never travels by itself; what is wpclone's own cannot. */
export const RESTORE_CLASSES = PROTECTIONS.filter((each) => each !== 'own');

interface Flags {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly take?: string | undefined;
  readonly delete: boolean;
  readonly strict: boolean;
  readonly include?: readonly string[] | undefined;
}

/** Throws BAD_INPUT when something to choose by is not KIND:NAME. */
export function parsePolicy(flags: Flags): PlanPolicy {
  const { only = [], skip = [], include = [], take } = flags;
  compileChoice(only, skip);
  return {
    only: [...only],
    skip: [...skip],
    take: take === 'live' || take === 'clone' ? take : null,
    delete: flags.delete,
    strict: flags.strict,
    include: RESTORE_CLASSES.filter((each) => include.includes(each)),
    decisions: {},
  };
}

export { newRestoreId } from '../restore/write/id.ts';
export { agreedTo, decidedIn, refuseUndecided } from '../restore/plan/agreed.ts';

/** A plan as it was written to a file; undefined when it is none. */
export const parsePlan = (text: string): Plan | undefined => planSchema.safeParse(parseJson(text)).data;
