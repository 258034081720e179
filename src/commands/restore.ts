import { readFile, writeFile } from 'node:fs/promises';
import * as Flags from '@oclif/core/flags';
import { BaseCommand, type CommonFlags } from '../cli/base-command.ts';
import { cloneArgument, runtimeFlags, sourceFlags } from '../cli/flags.ts';
import { confirmByName } from '../cli/confirm.ts';
import { repeatedCredentials, takePasswords } from '../cli/credentials.ts';
import { planText } from '../cli/presenters/plan.ts';
import { rehearsalLines } from '../cli/presenters/rehearsal.ts';
import { appliedLines } from '../cli/presenters/restores.ts';
import { writtenRequest } from '../cli/restore-command.ts';
import { tidy } from '../cli/tidy.ts';
import {
  agreedTo,
  decidedIn,
  parsePlan,
  parsePolicy,
  refuseUndecided,
  RESTORE_CLASSES,
} from '../operations/restore-policy.ts';
import { pictureEyes } from '../operations/pictures/eyes.ts';
import { type Rehearsal, rehearse } from '../operations/rehearse.ts';
import type { RestorePlan as Plan, RestoreRequest } from '../operations/types.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { PICTURED_STEPS, PLAN_STEPS, REHEARSAL_STEPS, RESTORE_STEPS } from '../shared/events.ts';
import { printable, safeJson } from '../shared/format.ts';

const several = { multiple: true, multipleNonGreedy: true } as const;

/** As the exit code of a plan that somebody has to decide about. */
const CONFLICTS = 5;

export default class Restore extends BaseCommand {
  static override summary = 'Bring what was changed in a clone to the live site, and nothing else.';
  static override description =
    'Compares three versions: the clone as it was made, the live site as it is now, and the clone as it is now. What only the clone changed goes back; what the live site did meanwhile stays; what both changed is a conflict. Nothing is deleted unless --delete is given. Users, orders, keys and the like never travel unless they are named. With --dry-run it only reads, on both sides. Otherwise it shows the plan, asks, and writes the rows in one transaction of the live site; what it wrote can be undone. Exit code 5: there are conflicts, or the live site changed meanwhile; then nothing was written.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mysite-k3f --dry-run',
    '<%= config.bin %> <%= command.id %> mysite-k3f --dry-run --out plan.json',
    '<%= config.bin %> <%= command.id %> mysite-k3f --apply plan.json --yes',
    '<%= config.bin %> <%= command.id %> mysite-k3f --username admin',
    {
      description: 'Try it out on a copy of the live site as it is now, with pictures of what changes.',
      command: '<%= config.bin %> <%= command.id %> mysite-k3f --dry-run --rehearse --pictures before-after',
    },
    {
      description: 'Two things only; in case of conflict, as the clone has them.',
      command:
        '<%= config.bin %> <%= command.id %> mysite-k3f --dry-run --only page:about-us --only option:blogname --take clone',
    },
  ];
  static override args = { name: cloneArgument };
  static override flags = {
    'dry-run': Flags.boolean({
      default: false,
      summary: 'Show the plan and change nothing.',
      exclusive: ['apply', 'yes'],
    }),
    apply: Flags.string({
      helpValue: 'FILE',
      summary: 'Apply this plan, as --out wrote it and somebody has looked at it: what changed since is refused.',
      exclusive: ['only', 'skip', 'take', 'delete', 'include', 'strict', 'out'],
    }),
    yes: Flags.boolean({ default: false, char: 'y', summary: 'Do not ask to type the name of the clone first.' }),
    out: Flags.string({
      helpValue: 'FILE',
      summary: 'Write the plan to this file too, for review: keys, digests and titles, no values and no secrets.',
    }),
    to: Flags.string({
      helpValue: 'URL',
      summary:
        'Address of the live site, which may be another than the one that was cloned: then nothing is remembered of it, and what both have otherwise is a conflict. [default: the one that was cloned]',
    }),
    only: Flags.string({
      ...several,
      helpValue: 'KIND:NAME',
      summary:
        "Only these, such as page:about-us, post:12, option:blogname, plugin:forms, menu:main, content, 'option:widget_*'; may be given more than once.",
    }),
    skip: Flags.string({ ...several, helpValue: 'KIND:NAME', summary: 'All but these; may be given more than once.' }),
    take: Flags.string({
      options: ['live', 'clone'],
      summary: 'Decide all conflicts for one side, where that is possible.',
    }),
    delete: Flags.boolean({
      default: false,
      summary: 'Also delete on the live site what was deleted in the clone, where the live site has not changed it.',
    }),
    include: Flags.string({
      ...several,
      delimiter: ',',
      options: [...RESTORE_CLASSES],
      helpValue: RESTORE_CLASSES.join(','),
      summary: 'Also bring back what never travels by itself.',
    }),
    strict: Flags.boolean({
      default: false,
      summary: 'Two changes of one text in different fields are a conflict, too.',
    }),
    events: Flags.boolean({
      summary: 'Print one JSON object per line while the plan is made; the last one is the plan.',
    }),
    rehearse: Flags.boolean({
      default: false,
      summary:
        'First make a copy of the live site as it is now, apply the plan there, look at it, and say what would differ; the copy is removed.',
    }),
    pictures: Flags.string({
      helpValue: 'DIR',
      dependsOn: ['rehearse'],
      summary: 'Keep pictures of the pages concerned: before, after, and where they differ. Needs Chromium.',
    }),
    ...sourceFlags,
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(Restore);
    if (flags.rehearse) refuseInPods(this.operationSettings(flags).runtime);
    const username = flags.username ?? this.settings().username;
    const reviewed = flags.apply === undefined ? undefined : await readPlan(flags.apply, args.name);
    // A plan for another site is applied there and nowhere else.
    const to = flags.to ?? (reviewed?.two_sided ? reviewed.live.url : undefined);
    const request = {
      ...writtenRequest({ ...flags, to }, username),
      cloneId: args.name,
      policy: reviewed === undefined ? parsePolicy(flags) : decidedIn(reviewed),
    };
    const words = repeatedCredentials(flags, username, taken);
    const plan =
      reviewed ??
      (await this.operate(flags, PLAN_STEPS, async (operations, context, view) => {
        const credentials = await words(view, context.signal);
        await tidy(operations, context);
        return operations.planRestore(request, credentials, context);
      }));
    if (flags.out !== undefined) await keep(flags.out, plan);
    if (flags.rehearse) {
      this.tell((colors) => planText(plan, colors, Date.now()));
      refuseUndecided(plan);
    }
    const rehearsal = flags.rehearse ? await this.rehearse(flags, { plan, request, words }) : undefined;
    if (rehearsal && flags['dry-run'])
      return this.present({ plan, rehearsal }, (colors) => rehearsalLines(rehearsal, flags.pictures, colors));
    if (rehearsal) this.tell((colors) => rehearsalLines(rehearsal, flags.pictures, colors));
    if (flags['dry-run']) {
      if (plan.conflicts > 0) process.exitCode = CONFLICTS;
      return this.present(plan, (colors) => planText(plan, colors, Date.now()));
    }
    if (reviewed === undefined && !rehearsal) this.tell((colors) => planText(plan, colors, Date.now()));
    refuseUndecided(plan);
    const told = rehearsal === undefined ? {} : { rehearsal };
    if (agreedTo(plan).items.length === 0) return this.present({ restore: null, plan, ...told }, () => NOTHING);
    const report = await this.operate(flags, RESTORE_STEPS, async (operations, context, view) => {
      if (!flags.yes) await confirmByName(args.name, question(plan), '--yes', context.signal);
      const credentials = await words(view, context.signal);
      return operations.applyRestore({ ...request, agreed: agreedTo(plan) }, credentials, context);
    });
    return this.present({ restore: report, ...told }, (colors) => appliedLines(report, colors));
  }

  /** On a copy of the live site as it is now. */
  private async rehearse(
    flags: CommonFlags & { readonly pictures?: string | undefined },
    { plan, request, words }: Rehearsed,
  ): Promise<Rehearsal> {
    const { username, loginUrl, insecureTls } = request;
    const site = {
      url: plan.live.url,
      insecureTls,
      ...(username !== undefined && { username }),
      ...(loginUrl !== undefined && { loginUrl }),
    };
    const steps = flags.pictures === undefined ? REHEARSAL_STEPS : PICTURED_STEPS;
    return this.operate(flags, steps, async (operations, context, view) => {
      const credentials = await words(view, context.signal);
      const eyes = flags.pictures === undefined ? {} : { eyes: pictureEyes(flags.pictures, process.env) };
      return rehearse(operations, { plan, request, site, credentials, ...eyes }, context);
    });
  }
}

interface Rehearsed {
  readonly plan: Plan;
  readonly request: RestoreRequest;
  readonly words: ReturnType<typeof repeatedCredentials>;
}

/** A plan is made where its clone is: no pod reaches the address by which this machine reaches the copy. */
function refuseInPods(runtime: 'local' | 'kubernetes'): void {
  if (runtime === 'kubernetes')
    throw new WpcloneError('BAD_INPUT', '--rehearse takes a clone on this machine: one in pods reaches no copy.');
}

const NOTHING = 'Nothing to bring back.';

const question = ({ live, clone }: Plan): string =>
  `This writes what was changed in ${clone.id} to ${printable(live.url)}, which visitors see.`;

/** Throws BAD_INPUT when it is no plan of this clone. */
async function readPlan(file: string, cloneId: string): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new WpcloneError('BAD_INPUT', `The plan cannot be read from ${file}: ${toWpcloneError(error).message}`);
  });
  const plan = parsePlan(text);
  if (plan === undefined) throw new WpcloneError('BAD_INPUT', `${file} holds no plan of a restore.`);
  if (plan.clone.id !== cloneId)
    throw new WpcloneError('BAD_INPUT', `${file} is a plan of ${printable(plan.clone.id)}, not of ${cloneId}.`);
  return plan;
}

async function keep(file: string, plan: object): Promise<void> {
  try {
    await writeFile(file, `${safeJson(plan, 2)}\n`);
  } catch (error) {
    throw new WpcloneError('BAD_INPUT', `The plan cannot be written to ${file}: ${toWpcloneError(error).message}`);
  }
}
