import { BaseCommand, type CommonFlags } from '../cli/base-command.ts';
import { cloneArgument } from '../cli/flags.ts';
import { confirmByName } from '../cli/confirm.ts';
import { repeatedCredentials, takePasswords } from '../cli/credentials.ts';
import { readPlanFile, writePlanFile } from '../cli/plan-file.ts';
import { planText } from '../cli/presenters/plan.ts';
import { rehearsalLines } from '../cli/presenters/rehearsal.ts';
import { appliedLines } from '../cli/presenters/restores.ts';
import { restoreFlags } from '../cli/restore-flags.ts';
import { writtenRequest } from '../cli/restore-command.ts';
import { tidy } from '../cli/tidy.ts';
import { agreedTo, decidedIn, parsePolicy, refuseUndecided } from '../operations/restore-policy.ts';
import { pictureCamera } from '../operations/pictures/camera.ts';
import { type Rehearsal, rehearse } from '../operations/rehearse.ts';
import type { RestorePlan as Plan, RestoreRequest } from '../operations/types.ts';
import { WpcloneError } from '../shared/errors.ts';
import { PICTURED_STEPS, PLAN_STEPS, REHEARSAL_STEPS, RESTORE_STEPS } from '../shared/events.ts';
import { printable } from '../shared/format.ts';

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
  static override flags = restoreFlags;

  async run(): Promise<object> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(Restore);
    if (flags.rehearse) refuseInPods(this.operationSettings(flags).runtime);
    const username = flags.username ?? this.settings().username;
    const reviewed = flags.apply === undefined ? undefined : await readPlanFile(flags.apply, args.name);
    // A plan for another site is applied there and nowhere else.
    const to = flags.to ?? (reviewed?.two_sided ? reviewed.live.url : undefined);
    const request = {
      ...writtenRequest({ ...flags, to }, username),
      cloneId: args.name,
      policy: reviewed === undefined ? parsePolicy(flags) : decidedIn(reviewed),
    };
    const credentialsFor = repeatedCredentials(flags, username, taken);
    const plan =
      reviewed ??
      (await this.operate(flags, PLAN_STEPS, async (operations, context, view) => {
        const credentials = await credentialsFor(view, context.signal);
        await tidy(operations, context);
        return operations.planRestore(request, credentials, context);
      }));
    if (flags.out !== undefined) await writePlanFile(flags.out, plan);
    if (flags.rehearse) {
      this.tell((colors) => planText(plan, colors, Date.now()));
      refuseUndecided(plan);
    }
    const rehearsal = flags.rehearse ? await this.rehearse(flags, { plan, request, credentialsFor }) : undefined;
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
      const credentials = await credentialsFor(view, context.signal);
      return operations.applyRestore({ ...request, agreed: agreedTo(plan) }, credentials, context);
    });
    return this.present({ restore: report, ...told }, (colors) => appliedLines(report, colors));
  }

  /** On a copy of the live site as it is now. */
  private async rehearse(
    flags: CommonFlags & { readonly pictures?: string | undefined },
    { plan, request, credentialsFor }: Rehearsed,
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
      const credentials = await credentialsFor(view, context.signal);
      const camera = flags.pictures === undefined ? {} : { camera: pictureCamera(flags.pictures, process.env) };
      return rehearse(operations, { plan, request, site, credentials, ...camera }, context);
    });
  }
}

interface Rehearsed {
  readonly plan: Plan;
  readonly request: RestoreRequest;
  readonly credentialsFor: ReturnType<typeof repeatedCredentials>;
}

/** A plan is made where its clone is: no pod reaches the address by which this machine reaches the copy. */
function refuseInPods(runtime: 'local' | 'kubernetes'): void {
  if (runtime === 'kubernetes')
    throw new WpcloneError('BAD_INPUT', '--rehearse takes a clone on this machine: one in pods reaches no copy.');
}

const NOTHING = 'Nothing to bring back.';

const question = ({ live, clone }: Plan): string =>
  `This writes what was changed in ${clone.id} to ${printable(live.url)}, which visitors see.`;
