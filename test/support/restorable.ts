import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import type { AppliedRestore } from '../../src/instance/types.ts';
import { agreedTo } from '../../src/restore/plan/agreed.ts';
import type { Plan, PlanPolicy } from '../../src/restore/plan/schema.ts';
import { newRestoreId } from '../../src/restore/write/id.ts';
import { databaseName } from '../../src/runtime/local/databases.ts';
import type { Kin } from '../../src/restore/kin.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { instanceContext } from './copied-clone.ts';
import { openTestHome, type TestHome } from './local-runtime.ts';
import { pair, testClient } from './migrator.ts';
import { pullClone, type PulledClone } from './pulled-clone.ts';
import { restoreKey } from './restore.ts';
import type { Source } from './source/index.ts';
import { run } from './temp.ts';

/** A source with a clone of it that is ready, to change both and to plan what goes back. */
export interface Restorable {
  readonly home: TestHome;
  readonly id: string;
  readonly clone: PulledClone;
  /** The clone's document root. */
  readonly www: string;
  /** Statements on the clone's database. */
  sql(...statements: string[]): Promise<string>;
  /** Runs PHP in the clone, with WordPress loaded. */
  php(code: string): Promise<string>;
  /** `at`: the live site, when it is not the source. */
  plan(policy?: Partial<PlanPolicy>, at?: LiveAt): Promise<Plan>;
  /** Writes what a plan says, with a key of its own. */
  apply(
    plan: Plan,
    policy?: Partial<PlanPolicy>,
    at?: LiveAt,
  ): Promise<{ readonly key: WriteKey; readonly applied: AppliedRestore }>;
  close(): Promise<void>;
}

/** A site to restore to. */
export interface LiveAt {
  readonly source: Source;
  readonly access: SourceAccess;
  readonly kin: Kin;
}

export const POLICY: PlanPolicy = {
  only: [],
  skip: [],
  take: null,
  delete: false,
  strict: false,
  include: [],
  decisions: {},
};

export async function makeRestorable(source: Source, id = 'going-back'): Promise<Restorable> {
  const home = openTestHome();
  const clone = await pullClone(home, source, id);
  const { info } = clone.task;
  await clone.lease.commit(
    {
      url: clone.task.cloneUrl,
      source: { url: info.home, wordpressVersion: info.wordpressVersion, phpVersion: info.phpVersion },
      expiresAt: Date.now() + 3_600_000,
      adminUsername: 'wpclone-test',
      adminPassword: 'x',
      findings: [],
    },
    home.context,
  );
  const access = await pair(source);
  const own: LiveAt = { source, access, kin: 'source' };
  const infoOf = async (of: SourceAccess): Promise<SiteInfo> => {
    const client = testClient(of);
    try {
      return await client.info(new AbortController().signal);
    } finally {
      await client.close();
    }
  };
  const command = [
    'mariadb',
    `--defaults-file=${home.layout.database.administrator}`,
    '-N',
    databaseName(home.unit(id)),
  ];
  return {
    home,
    id,
    clone,
    www: home.paths(id).www,
    sql: (...statements) => run(command, statements.map((each) => `${each};`).join('\n')),
    php: async (code) => {
      const name = `probe-${randomBytes(4).toString('hex')}.php`;
      const file = join(home.paths(id).www, name);
      writeFileSync(file, `<?php require __DIR__ . '/wp-load.php'; ${code}`);
      try {
        const { statusCode, body } = await request(`${clone.instance.url}/${name}`);
        const text = await body.text();
        if (statusCode !== 200) throw new Error(`the probe answered ${statusCode}: ${text}`);
        return text;
      } finally {
        rmSync(file);
      }
    },
    plan: async (policy = {}, at = own) => {
      const task = {
        access: at.access,
        info: await infoOf(at.access),
        kin: at.kin,
        policy: { ...POLICY, ...policy },
        version: 'test',
      };
      return clone.instance.operations.planRestore(task, instanceContext());
    },
    apply: async (plan, policy = {}, at = own) => {
      const key = await restoreKey(at.source, newRestoreId(randomBytes), policy.include);
      const task = {
        access: at.access,
        info: await infoOf(at.access),
        kin: at.kin,
        policy: { ...POLICY, ...policy },
        version: 'test',
        key,
        agreed: agreedTo(plan),
      };
      return { key, applied: await clone.instance.operations.applyRestore(task, instanceContext()) };
    },
    close: () => home.close(),
  };
}

/** What becomes of items of a plan, by their ids: the code of a conflict or of what is kept, else how they change. */
export const fatesOf = (
  items: readonly {
    readonly id: string;
    readonly conflict?: { readonly code: string } | undefined;
    readonly kept?: { readonly code: string } | undefined;
    readonly change: string;
  }[],
): Record<string, string> =>
  Object.fromEntries(items.map(({ id, conflict, kept, change }) => [id, conflict?.code ?? kept?.code ?? change]));
