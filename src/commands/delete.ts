import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { confirmByName } from '../cli/confirm.ts';
import { cloneArgument, noWaitFlag, runtimeFlags } from '../cli/flags.ts';
import { acceptedLine } from '../cli/presenters/jobs.ts';
import { noSuchClone } from '../shared/clone-errors.ts';
import type { WorkContext } from '../shared/context.ts';
import type { Operations } from '../operations/types.ts';

export default class Delete extends BaseCommand {
  static override summary = 'Delete a clone and everything that belongs to it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mysite-k3f',
    '<%= config.bin %> <%= command.id %> mysite-k3f --force --json',
  ];
  static override args = { name: cloneArgument };
  static override flags = {
    force: Flags.boolean({ default: false, char: 'f', summary: 'Do not ask to type the name first.' }),
    'no-wait': noWaitFlag,
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Delete);
    const confirmed = async (operations: Operations, context: WorkContext): Promise<void> => {
      // First, so that nobody is asked about a clone that does not exist. Not `show`: it would start one only for it to be removed, which
      // one that cannot be started would not outlive.
      const clone = (await operations.list(context)).find(({ clone_id: id }) => id === args.name);
      if (clone === undefined) throw noSuchClone(args.name);
      if (flags.force) return;
      const question = `This deletes ${clone.clone_id}, the clone of ${clone.source.url}.`;
      await confirmByName(clone.clone_id, question, '--force', context.signal);
    };
    if (flags['no-wait']) {
      const job = await this.operateThroughAgent(flags, [], async (operations, context) => {
        await confirmed(operations, context);
        return operations.jobs.submitDelete(args.name, context);
      });
      return this.present(job, (colors) =>
        'deleted' in job ? `${colors.bold(job.clone_id)} is deleted` : acceptedLine(job, colors),
      );
    }
    const gone = await this.operate(flags, [], async (operations, context) => {
      await confirmed(operations, context);
      return operations.delete(args.name, context);
    });
    return this.present(gone, (colors) => `${colors.bold(gone.clone_id)} is deleted`);
  }
}
