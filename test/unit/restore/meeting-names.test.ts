import { expect, it } from 'vitest';
import { decidePackage, decideUpload } from '../../../src/restore/code/decide-files.ts';
import { meetingNames } from '../../../src/restore/code/meeting-names.ts';
import { compileChoice } from '../../../src/restore/plan/choose.ts';
import type { PlanPolicy } from '../../../src/restore/plan/schema.ts';

const POLICY: PlanPolicy = { only: [], skip: [], take: null, delete: false, strict: false, include: [], decisions: {} };
const writes = { uploads: true, free: null, folds: true, code: { closed: {}, stuck: [] } };
const none = { base: null, live: null, clone: null };

it('finds new files whose names differ by case only from those of the live site, or from each other', () => {
  const met = meetingNames(
    ['a/Spring.jpg', 'a/two.jpg', 'a/TWO.jpg', 'a/free.jpg', 'a/cafe\u0301.jpg'],
    ['a/spring.jpg', 'a/caf\u00e9.jpg'],
  );
  expect(Object.fromEntries(met)).toEqual({
    'a/Spring.jpg': 'a/spring.jpg',
    'a/two.jpg': 'a/TWO.jpg',
    'a/TWO.jpg': 'a/two.jpg',
    'a/cafe\u0301.jpg': 'a/caf\u00e9.jpg',
  });
});

const place = 'wp-content/uploads/Spring.jpg';
const file = { place, change: 'new', size: 1, base: undefined, sha256: 'a'.repeat(64) } as const;
const meets = 'wp-content/uploads/spring.jpg';

it.each([
  [null, 'NAME_TAKEN'],
  ['clone', 'NAME_TAKEN'],
  ['live', 'LIVE_TAKEN'],
] as const)('says of a file that would meet another, when the side taken is %s: %s', (take, code) => {
  const group = {
    package: { kind: 'upload', name: 'Spring.jpg', folder: place },
    clone: [file],
    live: new Map(),
    brought: new Set<string>(),
    isKnown: false,
  } as const;
  const wanted = {
    policy: { ...POLICY, take },
    choose: compileChoice([], []),
    kin: 'source',
    info: { writes },
  } as const;
  const found = decideUpload({ ...group, meets }, wanted);
  expect([found.conflict?.code ?? found.kept?.code, (found.conflict ?? found.kept)?.message]).toEqual([
    code,
    expect.stringContaining(meets),
  ]);
  expect(decideUpload(group, wanted)).not.toHaveProperty('conflict');
});

it('says of a plugin with such a file that the host forbids it', () => {
  const folder = 'wp-content/plugins/forms';
  const there = `${folder}/a.php`;
  const group = {
    package: { kind: 'plugin', name: 'forms', folder },
    clone: [{ ...file, place: `${folder}/A.php` }],
    live: new Map(),
    brought: new Set<string>(),
    isKnown: true,
    meets: there,
  } as const;
  const places = {
    core: '',
    content: 'wp-content',
    plugins: 'wp-content/plugins',
    muPlugins: 'wp-content/mu-plugins',
    uploads: 'wp-content/uploads',
  };
  const found = decidePackage(group, none, {
    policy: POLICY,
    choose: compileChoice([], []),
    kin: 'source',
    info: { writes },
    places,
  });
  expect(found.conflict).toMatchObject({ code: 'HOST_FORBIDS', message: expect.stringContaining(there) });
});
