import type { CaughtMail } from '../../instance/types.ts';
import type { Colors } from '../colors.ts';
import { printable, table } from '../../shared/format.ts';

/** `mail NAME`: what was caught, a line each. */
export function mailTable(messages: readonly CaughtMail[], colors: Colors): string {
  if (messages.length === 0) return 'No mail was caught.';
  const head = ['ID', 'AT', 'TO', 'SUBJECT'].map((title) => colors.dim(title));
  const rows = messages.map((mail) =>
    [mail.id, mail.at, mail.to.join(', '), mail.subject].map((cell) => printable(cell)),
  );
  return table([head, ...rows]);
}

/** `mail NAME ID`: one message whole. */
export function mailText(mail: CaughtMail, colors: Colors): string {
  const headers = [`To: ${mail.to.join(', ')}`, `Subject: ${mail.subject}`, `Date: ${mail.at}`, ...mail.headers];
  return [...headers.map((header) => colors.dim(printable(header))), '', printable(mail.body, true)].join('\n');
}
