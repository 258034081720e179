import * as Flags from '@oclif/core/flags';
import { stringify } from 'yaml';
import { BaseCommand } from '../../cli/base-command.ts';
import { clusterFlags } from '../../cli/cluster-flags.ts';
import type { Applied } from '../../operations/cluster.ts';

export default class ClusterInit extends BaseCommand {
  static override summary = 'Prepare a namespace of a cluster for clones.';
  static override description =
    'Applies the namespace, service account, role, quota, network policy and clean-up job of templates/kubernetes. It may be run again at any time.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --dry-run > wpclone.yaml',
    '<%= config.bin %> <%= command.id %> --context production --namespace wordpress-staging',
    '<%= config.bin %> <%= command.id %> --with-agent',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ default: false, summary: 'Print what would be applied, as YAML.' }),
    'with-agent': Flags.boolean({
      default: false,
      summary: 'Also run an agent in the namespace: a Deployment of one, its volume and a Service.',
    }),
    force: Flags.boolean({
      default: false,
      exclusive: ['dry-run'],
      summary: 'Put back what others changed on these objects; without it they keep it.',
    }),
    ...clusterFlags,
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(ClusterInit);
    const settings = this.operationSettings(flags).kubernetes;
    const withAgent = flags['with-agent'];
    return this.watched(flags, [], async (context) => {
      const { initNamespace, planNamespace } = await import('../../operations/cluster.ts');
      if (flags['dry-run']) {
        const manifests = await planNamespace(settings, { withAgent }, context);
        return this.present({ manifests }, () => manifests.map((manifest) => stringify(manifest)).join('---\n'));
      }
      const result = await initNamespace(settings, { withAgent, force: flags.force }, context);
      // As with any right that is missing.
      if (result.applied.some((each) => each.result === 'forbidden')) process.exitCode = 4;
      return this.present(result, () => result.applied.map(line).join('\n'));
    });
  }
}

function line({ kind, name, result, detail }: Applied): string {
  if (detail === undefined) return `${kind} ${name} ${result}`;
  return `${kind} ${name} ${result}: ${detail}${result === 'kept' ? ' (--force puts back what is shipped)' : ''}`;
}
