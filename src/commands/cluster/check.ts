import { BaseCommand } from '../../cli/base-command.ts';
import { clusterFlags } from '../../cli/cluster-flags.ts';
import type { Colors } from '../../cli/colors.ts';
import type { Finding } from '../../operations/cluster.ts';

export default class ClusterCheck extends BaseCommand {
  static override summary = 'Show what a cluster allows, and what is missing or too small for clones.';
  static override description = 'Exits with 1 when clones cannot work, so that a pipeline can stop there.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --namespace wordpress-staging --json',
  ];
  static override flags = clusterFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(ClusterCheck);
    const settings = this.operationSettings(flags).kubernetes;
    return this.watched(flags, [], async (context) => {
      const { checkNamespace } = await import('../../operations/cluster.ts');
      const result = await checkNamespace(settings, context);
      if (!result.ok) process.exitCode = 1;
      return this.present(result, (colors) => result.findings.map((finding) => line(finding, colors)).join('\n'));
    });
  }
}

const MARKS = { ok: '✔', warning: '!', failed: '✖' } as const;

function line({ name, status, detail, fix }: Finding, colors: Colors): string {
  const paint = { ok: colors.green, warning: colors.yellow, failed: colors.red }[status];
  return `${paint(MARKS[status])} ${name.padEnd(10)} ${detail}${fix === undefined ? '' : `\n  ${fix}`}`;
}
