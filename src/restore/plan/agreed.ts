import { createHash } from 'node:crypto';
import { z } from 'zod';
import { WpcloneError } from '../../shared/errors.ts';
import { counted, printable, shellWord } from '../../shared/format.ts';
import type { Plan, PlanItem, PlanPackage, PlanPolicy, PlanUpload } from './schema.ts';

const itemSchema = z
  .object({
    id: z.string(),
    live: z.string(),
    /** Null: a conflict that was decided for the clone; what comes of it was not known when the plan was made. */
    clone: z.string().nullable(),
  })
  .readonly();

/** What a person agrees to by agreeing to a plan: each item and file that is taken over, with digests of both sides. */
export const agreedSchema = z
  .object({
    baseline: z.string(),
    items: z.array(itemSchema).readonly(),
  })
  .readonly();
export type Agreed = z.infer<typeof agreedSchema>;

/** Whether an item is taken over. */
export const isTaken = ({ conflict, kept }: Pick<PlanItem, 'conflict' | 'kept'>): boolean =>
  conflict === undefined && kept === undefined;

type Thing = Pick<PlanItem, 'id' | 'title' | 'live' | 'clone' | 'conflict' | 'kept'>;

/** All that can be agreed to. */
const things = ({ items, uploads, code, plugins }: Pick<Plan, 'items' | 'uploads' | 'code' | 'plugins'>): Thing[] => [
  ...items,
  ...uploads.map(asThing),
  ...code.map(asCode),
  ...plugins.activate.map((file) => asSwitch(file, true)),
  ...plugins.deactivate.map((file) => asSwitch(file, false)),
];

const asCode = ({ files, ...rest }: PlanPackage): Thing => ({
  ...rest,
  live: digestOf(files.map(({ place, live }) => [place, live])),
  clone: digestOf(files.map(({ place, clone }) => [place, clone])),
});

/** Files of a package always come in the order of the clone's folders. */
const digestOf = (files: readonly (readonly [string, string | null])[]): string =>
  createHash('sha256').update(JSON.stringify(files)).digest('hex');

const asSwitch = (file: string, on: boolean): Thing => ({
  id: `active:${file}`,
  title: file,
  live: on ? 'off' : 'on',
  clone: on ? 'on' : 'off',
});

const asThing = ({ place, live, clone, ...rest }: PlanUpload): Thing => ({
  ...rest,
  title: place,
  live: live ?? 'none',
  clone: clone ?? 'none',
});

/** What agreeing to this plan means. */
export const agreedTo = (plan: Plan): Agreed => ({
  baseline: plan.baseline,
  items: things(plan).flatMap((item): Agreed['items'] => {
    const { id, live, clone, conflict } = item;
    if (isTaken(item)) return [{ id, live, clone }];
    return conflict?.take === 'clone' ? [{ id, live, clone: null }] : [];
  }),
});

/** What was decided in a plan, item by item, besides what it was made with. */
export const decidedIn = ({
  policy,
  items,
  code,
  uploads,
}: Pick<Plan, 'policy' | 'items' | 'code' | 'uploads'>): PlanPolicy => ({
  ...policy,
  decisions: {
    ...policy.decisions,
    ...Object.fromEntries(
      [...items, ...code, ...uploads].flatMap(({ id, conflict }) => (conflict?.take ? [[id, conflict.take]] : [])),
    ),
  },
});

const TOLD = 5;

/**
 * Refuses a plan that is not (any more) the one that was agreed to. Items that were decided since may have come; none may have
 * changed, come or gone otherwise. Throws PLAN_OUTDATED.
 */
export function refuseOther(agreed: Agreed, now: Plan): void {
  const before = new Map(agreed.items.map((item) => [item.id, item]));
  const all = things(now);
  const taken = all.filter(isTaken);
  const after = new Set(taken.map(({ id }) => id));
  const other = [
    ...taken.filter(({ id, live, clone }) => {
      const item = before.get(id);
      return item === undefined || item.live !== live || (item.clone !== null && item.clone !== clone);
    }),
    ...all.filter(({ id }) => before.has(id) && !after.has(id)),
  ].map(({ title }) => title);
  const gone = agreed.items.filter(({ id }) => !all.some((item) => item.id === id)).map(({ id }) => id);
  const names = [...new Set([...other, ...gone])].map((name) => printable(name).slice(0, 80));
  if (agreed.baseline === now.baseline && names.length === 0) return;
  const told = names.slice(0, TOLD).join(', ');
  const more = names.length > TOLD ? ` and ${names.length - TOLD} more` : '';
  throw new WpcloneError(
    'PLAN_OUTDATED',
    names.length === 0
      ? 'The clone is not the one that the plan was made of.'
      : `The clone or the live site changed since the plan was made: ${told}${more}.`,
  );
}

/**
 * Refuses a plan in which something is not decided yet ("take" is empty), or was decided for the clone and cannot go all the same.
 * Throws RESTORE_CONFLICTS.
 */
export function refuseUndecided({
  items,
  code,
  uploads,
  policy,
}: Pick<Plan, 'items' | 'code' | 'uploads' | 'policy'>): void {
  const named = uploads.map(({ id, ...rest }) => ({ ...rest, id, title: id }));
  const open = [...items, ...code, ...named].filter(({ conflict }) => conflict !== undefined && conflict.take === null);
  if (open.length === 0) return;
  const stuck = open.filter(({ id }) => (policy.decisions[id] ?? policy.take) === 'clone');
  const told = (some: typeof open): string =>
    some
      .slice(0, TOLD)
      .map(({ title }) => printable(title).slice(0, 80))
      .join(', ');
  if (stuck.length > 0) {
    const skips = stuck.slice(0, TOLD).map(({ id }) => `--skip ${shellWord(id)}`);
    throw new WpcloneError(
      'RESTORE_CONFLICTS',
      `${counted(stuck.length, 'conflict')} cannot be decided for the clone: ${told(stuck)}.`,
      { nextSteps: [`Nothing was written. Leave it out: ${skips.join(' ')}; the live site keeps what it has.`] },
    );
  }
  throw new WpcloneError(
    'RESTORE_CONFLICTS',
    `${counted(open.length, 'conflict')} ${open.length === 1 ? 'has' : 'have'} to be decided first: ${told(open)}.`,
  );
}
