import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { openInBrowser } from '../cli/browser.ts';
import { wpcloneHome } from '../cli/config/load.ts';
import { cloneArgument, runtimeFlags } from '../cli/flags.ts';

interface Link {
  readonly clone_id: string;
  readonly clone_url: string;
  readonly login_url: string;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

export default class Open extends BaseCommand {
  static override summary = 'Open a clone in the browser, logged in.';
  static override description =
    'Makes a fresh log-in link that works once. A clone in a cluster without an Ingress is forwarded to this machine until Ctrl-C.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mysite-k3f',
    '<%= config.bin %> <%= command.id %> mysite-k3f --print',
  ];
  static override args = { name: cloneArgument };
  static override flags = {
    print: Flags.boolean({ default: false, char: 'p', summary: 'Print the link instead of opening it.' }),
    ...runtimeFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Open);
    await this.operateTidily(flags, [], async (operations, context) => {
      const link = await operations.loginLink(args.name, context);
      const broken = new AbortController();
      const exposure = await operations.expose(args.name, context, (error) => broken.abort(error));
      const printOnly = flags.print || this.jsonEnabled();
      const home = wpcloneHome(process.env);
      this.show(link, !printOnly && (await openInBrowser(link.login_url, home, context.signal)));
      if (exposure.how !== 'forwarded') return;
      process.stderr.write('Forwarding to the cluster until Ctrl-C.\n');
      await aborted(AbortSignal.any([context.signal, broken.signal]));
      if (!context.signal.aborted) throw broken.signal.reason;
      this.endedBySignal();
    });
  }

  /** At once, not when the command ends: forwarding may go on for hours. */
  private show(link: Link, opened: boolean): void {
    if (this.jsonEnabled()) this.logJson(link);
    const hint = `Nothing there? ${this.config.bin} open ${link.clone_id} --print`;
    this.present(link, () => (opened ? `Opened ${link.clone_url} in the browser. ${hint}` : link.login_url));
  }
}
