import { writeFile } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { cloneArgument, runtimeFlags, sourceFlags } from '../cli/flags.ts';
import { httpAuthSource } from '../cli/http-auth.ts';
import { passwordSource, takePasswordFromEnvironment, usernamePrompt } from '../cli/password.ts';
import { planText } from '../cli/presenters/plan.ts';
import { tidy } from '../cli/tidy.ts';
import { parsePolicy, RESTORE_CLASSES } from '../operations/restore-policy.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { PLAN_STEPS } from '../shared/events.ts';
import { safeJson } from '../shared/format.ts';

const several = { multiple: true, multipleNonGreedy: true } as const;

/** As the exit code of a plan that somebody has to decide about. */
const CONFLICTS = 5;

export default class Restore extends BaseCommand {
  static override summary = 'Show what was changed in a clone and would go back to the live site.';
  static override description =
    'Compares three versions: the clone as it was made, the live site as it is now, and the clone as it is now. What only the clone changed goes back; what the live site did meanwhile stays; what both changed is a conflict. Nothing is deleted unless --delete is given. Users, orders, keys and the like never travel unless they are named. With --dry-run it only reads, on both sides; so far, there is nothing else. Exit code 5: there are conflicts.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mysite-k3f --dry-run',
    '<%= config.bin %> <%= command.id %> mysite-k3f --dry-run --out plan.json',
    {
      description: 'Two things only; in case of conflict, as the clone has them.',
      command:
        '<%= config.bin %> <%= command.id %> mysite-k3f --dry-run --only page:about-us --only option:blogname --take clone',
    },
  ];
  static override args = { name: cloneArgument };
  static override flags = {
    'dry-run': Flags.boolean({ default: false, summary: 'Show the plan and change nothing.' }),
    out: Flags.string({
      helpValue: 'FILE',
      summary: 'Write the plan to this file too, for review: keys, digests and titles, no values and no secrets.',
    }),
    to: Flags.string({ helpValue: 'URL', summary: 'Address of the live site. [default: the one that was cloned]' }),
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
    ...sourceFlags,
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const fromEnvironment = takePasswordFromEnvironment(process.env);
    const httpAuthFromEnvironment = takePasswordFromEnvironment(process.env, 'WPCLONE_HTTP_AUTH_PASSWORD');
    const { args, flags } = await this.parse(Restore);
    if (!flags['dry-run'])
      throw new WpcloneError('APPLY_MISSING', 'This version of wpclone plans a restore and does not carry it out yet.');
    const username = flags.username ?? this.settings().username;
    const request = {
      cloneId: args.name,
      policy: parsePolicy(flags),
      insecureTls: flags.insecure,
      ...(username === undefined ? {} : { username }),
      ...(flags['login-url'] === undefined ? {} : { loginUrl: flags['login-url'] }),
      ...(flags.to === undefined ? {} : { to: flags.to }),
    };
    // An agent plans none: one that runs in the home is in nobody's way.
    const plan = await this.operate(
      { ...flags, direct: flags.agent === undefined },
      PLAN_STEPS,
      async (operations, context, view) => {
        const file = flags['password-file'];
        const askUsername = usernamePrompt(view, context.signal);
        const webServer = {
          user: flags['http-auth'],
          file: flags['http-auth-password-file'],
          fromEnvironment: httpAuthFromEnvironment,
        };
        const credentials = {
          ...(askUsername === undefined ? {} : { askUsername }),
          ...(await httpAuthSource(webServer, view, context.signal)),
          password: await passwordSource({ file, fromEnvironment, username, view, signal: context.signal }),
        };
        await tidy(operations, context);
        return operations.planRestore(request, credentials, context);
      },
    );
    if (flags.out !== undefined) await keep(flags.out, plan);
    if (plan.conflicts > 0) process.exitCode = CONFLICTS;
    return this.present(plan, (colors) => planText(plan, colors, Date.now()));
  }
}

async function keep(file: string, plan: object): Promise<void> {
  try {
    await writeFile(file, `${safeJson(plan, 2)}\n`);
  } catch (error) {
    throw new WpcloneError('BAD_INPUT', `The plan cannot be written to ${file}: ${toWpcloneError(error).message}`);
  }
}
