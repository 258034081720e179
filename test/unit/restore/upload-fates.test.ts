import { expect, it } from 'vitest';
import type { ClonedFile } from '../../../src/restore/code/clone-files.ts';
import { decideUpload } from '../../../src/restore/code/decide-files.ts';
import type { ItemOutcome } from '../../../src/restore/merge/outcome.ts';
import { againstOwners, withOwners } from '../../../src/restore/plan/attachments.ts';
import { compileChoice } from '../../../src/restore/plan/choose.ts';
import type { PlanPolicy } from '../../../src/restore/plan/schema.ts';

const POLICY: PlanPolicy = {
  only: ['attachment:9'],
  skip: [],
  take: null,
  delete: false,
  strict: false,
  include: [],
  decisions: {},
};
const [ours, theirs] = ['a'.repeat(64), 'b'.repeat(64)];
const PATH = '2031/05/a.jpg';
const place = `wp-content/uploads/${PATH}`;
const OWNER = 'attachment:9';

/** What becomes of a file when only the attachment is asked for that it belongs to. */
function fateOf(
  file: Partial<ClonedFile>,
  live: ReadonlyMap<string, string | null>,
  owner: Pick<ItemOutcome, 'kept'> = {},
) {
  const found = decideUpload(
    {
      package: { kind: 'upload', name: PATH, folder: place },
      clone: [{ place, change: 'new', size: 1, base: undefined, sha256: ours, ...file }],
      live,
      brought: new Set<string>(),
      isKnown: false,
    },
    { kin: 'source', policy: POLICY, choose: compileChoice(POLICY.only, []), info: { writes: undefined } },
  );
  const outcome: ItemOutcome = {
    item: { kind: 'attachment', id: '9' },
    change: 'changed',
    writes: [],
    parts: [],
    both: false,
    ...owner,
  };
  const [upload] = withOwners([found], () => OWNER, [outcome]);
  const [alone] = withOwners([found], () => undefined, []);
  return {
    kept: upload?.kept?.code,
    conflict: upload?.conflict?.code,
    against: againstOwners([found], () => OWNER).get(OWNER)?.code,
    alone: alone?.kept?.code,
  };
}

it('a file goes with the thing that was asked for, and is decided about as if it had been asked for itself', () => {
  const alone = 'NOT_CHOSEN';
  expect(fateOf({}, new Map())).toEqual({ alone });
  expect(fateOf({}, new Map([[place, theirs]]))).toEqual({ conflict: 'NAME_TAKEN', against: 'BOTH_CHANGED', alone });
  expect(fateOf({ change: 'changed' }, new Map([[place, theirs]]))).toMatchObject({ conflict: 'BOTH_CHANGED', alone });
  expect(fateOf({ change: 'deleted', sha256: null }, new Map())).toEqual({ kept: 'DELETION', alone });
  expect(fateOf({ holdsAddress: true }, new Map())).toEqual({ conflict: 'ADDRESS', against: 'ADDRESS', alone });
});

it('a file that nobody asked for stays with what stays', () => {
  const stays = { kept: { code: 'NOT_CHOSEN' as const } };
  expect(fateOf({}, new Map([[place, theirs]]), stays)).toMatchObject({ kept: 'NOT_CHOSEN', conflict: undefined });
});
