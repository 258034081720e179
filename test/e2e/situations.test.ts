import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandLine } from '../support/cli.ts';
import { startMariadb, type Mariadb } from '../support/mariadb.ts';
import { made, type Situation } from '../support/situation.ts';
import { startSource } from '../support/source/index.ts';
import { startWall } from '../support/wall.ts';

/**
 * What people's sites are like must not cost them their clone: each file or folder in situations/ is one situation.
 * Run one by its name: npx vitest run --project e2e test/e2e/situations.test.ts -t 'situation front-404'
 */
const FOLDER = join(import.meta.dirname, 'situations');
const names = readdirSync(FOLDER).map((name) => name.replace(/\.ts$/, ''));

const cli = commandLine();
let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(async () => {
  await cli.stop();
  await mariadb.stop();
});

for (const name of names) {
  const file = readdirSync(FOLDER).includes(`${name}.ts`) ? `${name}.ts` : `${name}/situation.ts`;
  const { situation }: { situation: Situation } = await import(join(FOLDER, file));
  it(`situation ${name}: ${situation.promise}`, async () => {
    await expect(whetherItIsKept(situation)).resolves.toBeUndefined();
  });
}

/** Rejects with what `check` of the situation expected in vain. */
async function whetherItIsKept(situation: Situation): Promise<void> {
  const { databaseSettings: settings } = situation;
  const own = settings && (await startMariadb({ settings }));
  const source = await startSource({ host: '127.0.0.111', posts: 3, mariadb: own ?? mariadb, ...situation.source });
  const wall = situation.wall && (await startWall(source, situation.wall));
  try {
    await situation.plant?.(source);
    const url = situation.url?.(source) ?? wall?.url ?? source.url;
    const login = ['--username', source.adminUser, '--password-file', '-'];
    const more = typeof situation.args === 'function' ? situation.args(source) : (situation.args ?? []);
    const args = ['clone', url, ...login, ...more, '--json'];
    const finished = await cli.run(args, {
      input: `${source.adminPassword}\n`,
      environment: situation.environment ?? {},
    });
    await situation.check(made(source, cli, finished));
  } finally {
    await deleteClones();
    await wall?.stop();
    await source.stop();
    await own?.stop();
  }
}

/** One clone at a time keeps the machine's memory small; a situation may make more of them. */
async function deleteClones(): Promise<void> {
  const { clones } = await cli.json<{ clones: { clone_id: string }[] }>(['list']);
  for (const { clone_id: id } of clones) await cli.run(['delete', id, '--force']);
}
