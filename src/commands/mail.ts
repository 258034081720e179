import { argument } from '../cli/argument.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { cloneArgument, runtimeFlags } from '../cli/flags.ts';
import { mailTable, mailText } from '../cli/presenters/mail.ts';
import { WpcloneError } from '../shared/errors.ts';

export default class Mail extends BaseCommand {
  static override summary = 'Read the mail that a clone tried to send.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mysite-k3f',
    '<%= config.bin %> <%= command.id %> mysite-k3f 20260102T030405-1',
  ];
  static override args = {
    name: cloneArgument,
    id: argument({ description: 'Print this message in full; without it, all messages are listed.' }),
  };
  static override flags = runtimeFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Mail);
    const messages = await this.operateTidily(flags, [], (operations, context) => operations.mail(args.name, context));
    if (args.id === undefined) {
      return this.present({ messages }, (colors) => mailTable(messages, colors));
    }
    const message = messages.find((one) => one.id === args.id);
    if (message === undefined) {
      throw new WpcloneError('NOT_FOUND', `${args.name} has caught no message ${args.id}.`, {
        nextSteps: [`See what it has caught with wpclone mail ${args.name}.`],
      });
    }
    return this.present({ message }, (colors) => mailText(message, colors));
  }
}
