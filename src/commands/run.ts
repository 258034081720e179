import * as Flags from '@oclif/core/flags';
import { argument } from '../cli/argument.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { cloneFlags, cloneRequest } from '../cli/clone-flags.ts';
import { sourceCredentials, takePasswords } from '../cli/credentials.ts';
import { runtimeFlags } from '../cli/flags.ts';
import { findProgram } from '../cli/run/program.ts';
import { LEASE } from '../operations/renew.ts';
import { OWN_FAILURE, runWithClone } from '../cli/run/run.ts';
import { tidy } from '../cli/tidy.ts';
import { parseTtl } from '../cli/ttl.ts';
import type { CloneResult } from '../operations/clone-report.ts';
import { WpcloneError } from '../shared/errors.ts';
import { CLONE_STEPS } from '../shared/events.ts';

const DEFAULT_KEEP = '1h';
/** Errors that have an exit code of their own, as of env and timeout. */
const OWN_CODES = new Set<string>(['COMMAND_NOT_FOUND', 'COMMAND_NOT_EXECUTABLE', 'CANCELLED']);

export default class Run extends BaseCommand {
  static override summary = 'Run a command against a fresh clone that is there for as long as the command runs.';
  static override description =
    'The command finds the clone in its environment: WPCLONE_CLONE_URL, WPCLONE_CLONE_LOGIN_URL (logs in, once), WPCLONE_CLONE_USERNAME, WPCLONE_CLONE_PASSWORD and WPCLONE_CLONE_NAME. Standard input, output and signals are the command’s own; what wpclone says goes to standard error. The clone is removed when the command has succeeded or was interrupted, and kept for a while when it has failed. Its time is only ever two minutes, renewed while the command runs: nothing is left of it when wpclone is killed or the machine vanishes. The exit code is the command’s, 128 and the number of the signal that ended it, 126 or 127 when it cannot be run, or 125 when something else went wrong. Passwords and tokens that wpclone was given in its environment are not passed on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://mysite.example --username admin -- npm test',
    {
      description: 'In CI: the password is in WPCLONE_SOURCE_PASSWORD; a clone whose tests failed stays for two hours.',
      command:
        '<%= config.bin %> <%= command.id %> https://mysite.example -u admin --keep-failed 2h -- npx playwright test',
    },
    {
      description: 'More than one command, and the clone’s address on their command lines.',
      command:
        '<%= config.bin %> <%= command.id %> https://mysite.example -u admin -- sh -c \'curl --fail "$WPCLONE_CLONE_URL/wp-json/" | jq .name\'',
    },
    {
      description: 'The clone lives where the agent keeps its clones.',
      command:
        '<%= config.bin %> <%= command.id %> https://mysite.example -u admin --agent https://clones.example -- npm test',
    },
  ];
  static override enableJsonFlag = false;
  static override usage = '<%= command.id %> URL [flags] -- COMMAND...';
  static override args = { url: argument({ required: true, description: 'Address of the site, as in a browser.' }) };
  static override flags = {
    ...cloneFlags,
    'keep-failed': Flags.string({
      helpValue: '30m|2h|0',
      default: DEFAULT_KEEP,
      summary: 'How long the clone is kept when the command fails; 0 removes it at once.',
    }),
    ...runtimeFlags,
  };

  protected override readonly mayLeaveJobs = false;
  /** What stands behind `--`: none of it is ours. */
  private command: readonly string[] | undefined;

  protected override async init(): Promise<void> {
    const end = this.argv.indexOf('--');
    if (end >= 0) {
      this.command = this.argv.slice(end + 1);
      this.argv = this.argv.slice(0, end);
    }
    await super.init();
  }

  async run(): Promise<void> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(Run);
    const words = this.command ?? [];
    const [name] = words;
    if (name === undefined) throw new WpcloneError('BAD_INPUT', 'Say behind -- what is to be run.');
    const program = findProgram(name, process.env['PATH'], process.cwd());
    const keepFailed = flags['keep-failed'] === '0' ? 0 : parseTtl(flags['keep-failed']);
    const request = cloneRequest(args.url, flags, this.settings(), LEASE);
    process.exitCode = await this.operate(flags, CLONE_STEPS, async (operations, context, view) => {
      const credentials = await sourceCredentials(flags, request.username, taken, view, context.signal);
      await tidy(operations, context);
      const clone = await operations.clone(request, credentials, context);
      // The terminal is the command's from here on.
      await view.close();
      const run = {
        command: { program, words, environment: { ...process.env, ...toldOf(clone) } },
        clone,
        keepFailed,
        takeSignals: (receiver: (signal: NodeJS.Signals) => void) => this.handSignalsTo(receiver),
        say: (text: string) => this.say(text, flags.quiet),
      };
      return runWithClone(operations, run, context);
    });
  }

  /** On standard error: standard output is the command's. */
  private say(text: string, quiet: boolean): void {
    if (!quiet) process.stderr.write(`wpclone: ${text}\n`);
  }

  /** The command's own exit codes must not be taken for ours. */
  protected override exitCodeOf({ code, exitCode }: WpcloneError): number {
    return OWN_CODES.has(code) ? exitCode : OWN_FAILURE;
  }
}

/** What the command is told of its clone. */
const toldOf = (clone: CloneResult): NodeJS.ProcessEnv => ({
  WPCLONE_CLONE_NAME: clone.clone_id,
  WPCLONE_CLONE_URL: clone.clone_url,
  WPCLONE_CLONE_LOGIN_URL: clone.login_url,
  WPCLONE_CLONE_USERNAME: clone.username,
  WPCLONE_CLONE_PASSWORD: clone.password,
});
