import * as Flags from '@oclif/core/flags';
import { argument } from '../cli/argument.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { sourceCredentials, takePasswords } from '../cli/credentials.ts';
import { cloneFlags, cloneRequest } from '../cli/clone-flags.ts';
import { noWaitFlag, runtimeFlags } from '../cli/flags.ts';
import { acceptedLine } from '../cli/presenters/jobs.ts';
import { cloneLine, keepRowsHint } from '../cli/presenters/text.ts';
import { tidy } from '../cli/tidy.ts';
import { parseTtl } from '../cli/ttl.ts';
import { CLONE_STEPS } from '../shared/events.ts';

const DEFAULT_TTL = '30m';

export default class Clone extends BaseCommand {
  static override summary = 'Copy a live WordPress site into a throw-away clone with its own URL and log-in.';
  static override description =
    'Logs in to the site, installs a small plugin that reads it out (wpclone disconnect removes it again), and copies the database and the files. The clone sends no mail, runs no cron jobs and calls no other site; it is deleted when its time is over. It is compared with what the site itself does; what differs is a warning, and the clone is kept, unless --strict is given.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://mysite.example --username admin',
    '<%= config.bin %> <%= command.id %> https://mysite.example -u admin --name try-update --ttl 2h',
    {
      description: 'In a script: the password on standard input, the result as JSON.',
      command:
        'pass show mysite | <%= config.bin %> <%= command.id %> https://mysite.example -u admin --password-file - --json',
    },
    {
      description: 'A staging site whose web server asks for a password of its own, too.',
      command:
        '<%= config.bin %> <%= command.id %> https://staging.example -u admin --http-auth staging --http-auth-password-file secret.txt',
    },
    {
      description: 'A big site: fetch uploads only when they are looked at, and leave out the rows of log tables.',
      command:
        "<%= config.bin %> <%= command.id %> https://mysite.example -u admin --media proxy --exclude-table '*_log'",
    },
    {
      description:
        'A site whose code needs a constant that was not told because it is a secret, on the PHP of the site.',
      command: '<%= config.bin %> <%= command.id %> https://mysite.example -u admin --define ACME_KEY=none --php 7.4',
    },
    {
      description:
        'Again and again, each clone deleted before the next: while all commands are told so, also the one that deletes, the database of the last clone is kept for a day, and only what changed is moved.',
      command:
        'export WPCLONE_KEEP_ROWS=a-day; <%= config.bin %> <%= command.id %> https://mysite.example -u admin --name ci; <%= config.bin %> delete ci --force',
    },
    {
      description: 'Let an agent do it: the same view, or only the id of its job.',
      command:
        '<%= config.bin %> <%= command.id %> https://mysite.example -u admin --agent https://clones.example --no-wait',
    },
  ];
  static override args = { url: argument({ required: true, description: 'Address of the site, as in a browser.' }) };
  static override flags = {
    ...cloneFlags,
    ttl: Flags.string({ helpValue: '30m|2h|7d', summary: `Time to live, up to 30 days. [default: ${DEFAULT_TTL}]` }),
    events: Flags.boolean({
      summary: 'Print one JSON object per line while the clone is made; the last one is the result.',
    }),
    'no-wait': noWaitFlag,
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(Clone);
    const settings = this.settings();
    const request = cloneRequest(args.url, flags, settings, parseTtl(flags.ttl ?? settings.ttl ?? DEFAULT_TTL));
    if (flags['no-wait']) {
      const job = await this.operateThroughAgent(flags, [], async (operations, context, view) => {
        const credentials = await sourceCredentials(flags, request.username, taken, view, context.signal);
        return operations.jobs.submitClone(request, credentials, context);
      });
      return this.present(job, (colors) => acceptedLine(job, colors));
    }
    const clone = await this.operate(flags, CLONE_STEPS, async (operations, context, view) => {
      const credentials = await sourceCredentials(flags, request.username, taken, view, context.signal);
      await tidy(operations, context);
      return operations.clone(request, credentials, context);
    });
    return this.present(clone, (colors) =>
      [cloneLine(clone, colors, Date.now()), keepRowsHint(clone, settings['keep-rows'], colors)]
        .filter((line) => line !== undefined)
        .join('\n'),
    );
  }
}
