import * as Flags from '@oclif/core/flags';
import { RESTORE_CLASSES } from '../operations/restore-policy.ts';
import { runtimeFlags, sourceFlags } from './flags.ts';

const several = { multiple: true, multipleNonGreedy: true } as const;

/** What `wpclone restore CLONE` takes: what goes back, whether it is only planned, rehearsed or written, and how to log in. */
export const restoreFlags = {
  'dry-run': Flags.boolean({
    default: false,
    summary: 'Show the plan and change nothing.',
    exclusive: ['apply', 'yes'],
  }),
  apply: Flags.string({
    helpValue: 'FILE',
    summary: 'Apply this plan, as --out wrote it and somebody has looked at it: what changed since is refused.',
    exclusive: ['only', 'skip', 'take', 'delete', 'include', 'strict', 'out'],
  }),
  yes: Flags.boolean({ default: false, char: 'y', summary: 'Do not ask to type the name of the clone first.' }),
  out: Flags.string({
    helpValue: 'FILE',
    summary: 'Write the plan to this file too, for review: keys, digests and titles, no values and no secrets.',
  }),
  to: Flags.string({
    helpValue: 'URL',
    summary:
      'Address of the live site, which may be another than the one that was cloned: then nothing is remembered of it, and what both have otherwise is a conflict. [default: the one that was cloned]',
  }),
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
  rehearse: Flags.boolean({
    default: false,
    summary:
      'First make a copy of the live site as it is now, apply the plan there, look at it, and say what would differ; the copy is removed.',
  }),
  pictures: Flags.string({
    helpValue: 'DIR',
    dependsOn: ['rehearse'],
    summary: 'Keep pictures of the pages concerned: before, after, and where they differ. Needs Chromium.',
  }),
  ...sourceFlags,
  ...runtimeFlags,
};
